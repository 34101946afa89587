import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import {
  childVariables,
  describeConfiguration,
  type Environment,
  readConfiguration,
  requireConfiguration,
} from './env.ts';

const cwd = mkdtempSync(join(tmpdir(), 'holdfast-env-'));
after(() => rmSync(cwd, { recursive: true }));
writeFileSync(
  join(cwd, '.env'),
  'HOLDFAST_PORT=1003\nHOLDFAST_HOST=127.0.0.3\nHOLDFAST_AUDIENCE="from file"\n',
);
writeFileSync(join(cwd, 'other.env'), 'HOLDFAST_PORT=1004\n');

const environment = (variables: Record<string, string>): Environment => ({ variables, cwd });

test('flags win over the environment, the environment over the env file, the env file over defaults', () => {
  const variables = { HOLDFAST_PORT: '1002', HOLDFAST_HOST: '127.0.0.2' };
  const { settings, parsed } = readConfiguration({ port: '1001' }, environment(variables));
  assert.equal(settings.port, 1001);
  assert.equal(settings.host, '127.0.0.2');
  assert.equal(settings.audience, 'from file');
  assert.equal(settings.logLevel, 'info');
  assert.equal(parsed.origins.port, 'command line');
  assert.equal(parsed.origins.host, 'environment');
  assert.equal(parsed.origins.audience, join(cwd, '.env'));
  assert.equal(parsed.origins.logLevel, 'default');
});

test('another env file replaces .env, and none at all can be asked for', () => {
  const other = readConfiguration({ 'env-file': 'other.env' }, environment({}));
  assert.equal(other.settings.port, 1004);
  assert.equal(other.settings.audience, 'holdfast');
  assert.equal(readConfiguration({ 'no-env-file': true }, environment({})).settings.port, 7400);
});

test('all problems are reported at once, with their origins', () => {
  const variables = { HOLDFAST_PORT: '99999', HOLDFAST_ACCESS_TOKEN_TTL: '900', HOLDFAST_API_PORT: '0' };
  const read = (): unknown =>
    requireConfiguration({ 'env-file': 'missing.env', host: ' x' }, environment(variables), 'serve');
  assert.throws(read, error => {
    assert.ok(isHoldfastError(error, 'configuration_invalid'));
    const problems = error.details?.problems as { variable: string; origin: string }[];
    assert.deepEqual(problems.map(({ variable }) => variable).sort(), [
      '--env-file',
      'DATABASE_URL',
      'HOLDFAST_ACCESS_TOKEN_TTL',
      'HOLDFAST_HOST',
      'HOLDFAST_PORT',
    ]);
    assert.match(error.message, /HOLDFAST_PORT must be a whole number from 0 to 65535 \(from environment\)/);
    assert.match(error.message, /DATABASE_URL is required by holdfast serve/);
    return true;
  });
});

test('the state directory is absolute', () => {
  assert.equal(readConfiguration({ home: 'state' }, environment({})).home, join(cwd, 'state'));
});

test('a variable that looks like ours and is not is told, with the one that was meant', () => {
  const { unknown } = readConfiguration({}, environment({ HOLDFAST_PROT: '1', HOLDFAST_LAUNCHER_PID: '2' }));
  assert.deepEqual(unknown, [{ variable: 'HOLDFAST_PROT', origin: 'environment', meant: 'HOLDFAST_PORT' }]);
});

test('secrets are masked where the configuration is shown', () => {
  const variables = {
    DATABASE_URL: 'postgresql://app:hunter2@db/holdfast',
    HOLDFAST_KEYRING: '{"keys":"hunter2"}',
    HOLDFAST_BACKUP_RECIPIENTS: 'AGE-SECRET-KEY-1HUNTER2HUNTER2',
  };
  const shown = describeConfiguration(readConfiguration({}, environment(variables)));
  assert.doesNotMatch(JSON.stringify(shown), /hunter2/i);
});

test('a duration is shown as it may be written', () => {
  const shown = describeConfiguration(readConfiguration({}, environment({})));
  assert.equal(shown.find(({ variable }) => variable === 'HOLDFAST_ACCESS_TOKEN_TTL')?.value, '15m');
});

test('a child gets the environment without our settings, and the texts instead', () => {
  const variables = {
    PATH: '/bin',
    DATABASE_URL: 'old',
    HOLDFAST_LAUNCHER_PID: '1',
    HOLDFAST_X: '2',
    LANG: 'C',
  };
  assert.deepEqual(childVariables(environment(variables), { DATABASE_URL: 'new' }), {
    PATH: '/bin',
    LANG: 'C',
    DATABASE_URL: 'new',
  });
});

test('texts hold what was said, from wherever, and no defaults', () => {
  const { texts } = readConfiguration({ port: '1001' }, environment({ HOLDFAST_LOG_LEVEL: 'debug' }));
  assert.deepEqual(texts, {
    HOLDFAST_PORT: '1001',
    HOLDFAST_LOG_LEVEL: 'debug',
    HOLDFAST_HOST: '127.0.0.3',
    HOLDFAST_AUDIENCE: 'from file',
  });
});
