import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '../holdfast-error.ts';
import { envExample } from './env-example.ts';
import { assertSettings, describeSettings, parseSettings } from './parse-settings.ts';
import { SETTINGS } from './settings.ts';

const environment = (values: Record<string, string>) => ({ origin: 'environment', values });

test('every default is valid', () => {
  const parsed = parseSettings([]);
  assert.deepEqual(parsed.problems, []);
  assert.equal(parsed.settings.accessTokenTtl, 900_000);
  assert.equal(parsed.settings.refreshTokenTtl, 604_800_000);
  assert.equal(parsed.settings.databaseUrl, undefined);
});

test('the first source that has a value wins, and is named', () => {
  const { settings, origins } = parseSettings([
    { origin: 'flag', values: { HOLDFAST_PORT: '8000' } },
    environment({ HOLDFAST_PORT: '9000', HOLDFAST_HOST: '::1' }),
  ]);
  assert.equal(settings.port, 8_000);
  assert.equal(settings.host, '::1');
  assert.deepEqual([origins.port, origins.host, origins.home], ['flag', 'environment', 'default']);
});

test('an empty value counts as not set', () => {
  const { settings, origins } = parseSettings([environment({ HOLDFAST_PORT: '' })]);
  assert.equal(settings.port, 7_400);
  assert.equal(origins.port, 'default');
});

test('the issuer follows the public URL unless it is set itself', () => {
  const publicUrl = { HOLDFAST_PUBLIC_URL: 'https://auth.example.com/' };
  const follows = parseSettings([environment(publicUrl)]);
  assert.equal(follows.settings.issuer, 'https://auth.example.com');
  assert.equal(follows.origins.issuer, 'HOLDFAST_PUBLIC_URL');
  const own = parseSettings([environment({ ...publicUrl, HOLDFAST_ISSUER: 'https://id.example.com' })]);
  assert.equal(own.settings.issuer, 'https://id.example.com');
  assert.equal(own.origins.issuer, 'environment');
  assert.equal(parseSettings([]).settings.issuer, 'http://holdfast.local');
  const wrong = parseSettings([environment({ HOLDFAST_PUBLIC_URL: 'not a URL' })]);
  assert.equal(wrong.settings.issuer, 'http://holdfast.local');
});

test('all problems are reported at once, each with its variable and origin', () => {
  const parsed = parseSettings(
    [
      environment({
        HOLDFAST_PORT: '70000',
        HOLDFAST_ACCESS_TOKEN_TTL: '900',
        HOLDFAST_HOST: ' ::1',
        NODE_ENV: 'prod',
      }),
    ],
    'serve',
  );
  assert.deepEqual(parsed.problems.map(problem => [problem.variable, problem.kind, problem.origin]).sort(), [
    ['DATABASE_URL', 'missing', 'default'],
    ['HOLDFAST_ACCESS_TOKEN_TTL', 'invalid', 'environment'],
    ['HOLDFAST_HOST', 'invalid', 'environment'],
    ['HOLDFAST_PORT', 'invalid', 'environment'],
    ['NODE_ENV', 'invalid', 'environment'],
  ]);
  assert.throws(
    () => assertSettings(parsed),
    (error: unknown) =>
      isHoldfastError(error, 'configuration_invalid') &&
      parsed.problems.every(({ variable }) => error.message.includes(variable)),
  );
});

test('a required variable is required only for the role that needs it', () => {
  assert.deepEqual(parseSettings([], 'start').problems, []);
  assert.equal(parseSettings([], 'serve').problems[0]?.variable, 'DATABASE_URL');
});

test('durations need a unit, and origins must be origins', () => {
  const invalid = (values: Record<string, string>) =>
    parseSettings([environment(values)]).problems.map(item => item.variable);
  assert.deepEqual(invalid({ HOLDFAST_REFRESH_TOKEN_TTL: '604800000' }), ['HOLDFAST_REFRESH_TOKEN_TTL']);
  assert.deepEqual(invalid({ HOLDFAST_CORS_ORIGINS: 'https://a.example/path' }), ['HOLDFAST_CORS_ORIGINS']);
  assert.deepEqual(invalid({ HOLDFAST_CORS_ORIGINS: '*' }), ['HOLDFAST_CORS_ORIGINS']);
  assert.deepEqual(invalid({ DATABASE_URL: 'mysql://localhost/x' }), ['DATABASE_URL']);
  const { settings } = parseSettings([
    environment({ HOLDFAST_CORS_ORIGINS: 'https://a.example, http://localhost:5173' }),
  ]);
  assert.deepEqual(settings.corsOrigins, ['https://a.example', 'http://localhost:5173']);
});

test('a description never shows a secret', () => {
  const described = describeSettings(
    parseSettings([
      environment({
        DATABASE_URL: 'postgresql://app:hunter2secret@db.example/holdfast?sslpassword=alsosecret',
        HOLDFAST_KEYRING: '{"version":1,"keys":[]}',
      }),
    ]),
  );
  const text = JSON.stringify(described);
  assert.ok(
    !text.includes('hunter2secret') && !text.includes('alsosecret') && !text.includes('version\\":1'),
    text,
  );
  const url = described.find(item => item.variable === 'DATABASE_URL')?.value;
  assert.equal(url, 'postgresql://app:***@db.example/holdfast?sslpassword=***');
  const clients = described.find(item => item.variable === 'HOLDFAST_INTROSPECTION_CLIENTS')?.value;
  assert.equal(clients, null, 'what is not set does not look as if it were');
});

test('rules for backups are read and written back; wrong ones are named', () => {
  const parsed = (text: string) => parseSettings([environment({ HOLDFAST_BACKUP_KEEP: text })]);
  const { backupKeep } = parsed('last=3, within=36h,monthly=12,window=7d').settings;
  assert.deepEqual(backupKeep, { last: 3, within: 129_600_000, monthly: 12, window: 604_800_000 });
  assert.equal(SETTINGS.backupKeep.format?.(backupKeep), 'last=3,monthly=12,within=36h,window=7d');
  assert.deepEqual(parsed('all').settings.backupKeep, {});
  for (const wrong of ['last', 'last=0', 'last=x', 'within=7', 'hourly=3', 'last=3,,daily=1']) {
    assert.deepEqual(
      parsed(wrong).problems.map(({ variable }) => variable),
      ['HOLDFAST_BACKUP_KEEP'],
      wrong,
    );
  }
});

test('a place for backups is described without its secret', () => {
  const parsed = parseSettings([
    environment({ HOLDFAST_BACKUPS: '/var/backups, s3://AKIA:hunter2@b/p?region=x' }),
  ]);
  assert.deepEqual(parsed.settings.backups, ['/var/backups', 's3://AKIA:hunter2@b/p?region=x']);
  const shown = describeSettings(parsed).find(({ variable }) => variable === 'HOLDFAST_BACKUPS');
  assert.equal(shown?.value, '/var/backups,s3://AKIA:***@b/p?region=x');
});

test('.env.example names every variable exactly once and sets none', () => {
  const lines = envExample().split('\n');
  for (const { variable } of Object.values(SETTINGS)) {
    assert.equal(lines.filter(line => line.startsWith(`#${variable}=`)).length, 1, variable);
  }
  assert.ok(lines.every(line => line === '' || line.startsWith('#')));
});
