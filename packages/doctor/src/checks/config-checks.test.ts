import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diagnose } from '../diagnose.ts';
import { type Observation, runChecks } from '../engine/index.ts';
import { CODEBOOK } from '../faults/index.ts';
import type { Sightings } from '../sightings.ts';
import { CONFIG_CHECKS } from './config-checks.ts';
import { CHECKS } from './index.ts';

type Seen = { readonly [K in keyof Sightings]?: object };

function observationsOf(seen: Seen): Observation[] {
  return Object.entries(seen).map(([id, saw]) => ({ id, probe: 'p', subject: 's', saw: { ...saw } }));
}

function judge(seen: Seen): string {
  const outcome = runChecks(CONFIG_CHECKS, observationsOf(seen)).find(
    ({ check }) => check === 'config.variables_set',
  );
  return `${outcome?.outcome}${outcome?.subject === undefined ? '' : `@${outcome.subject}`}`;
}

const missing = [{ variable: 'DATABASE_URL', kind: 'missing', message: 'is not set' }];
const lifetimes = { accessMs: 1, refreshMs: 2, sessionMs: 3 };
const settings = { problems: [], required: ['DATABASE_URL'], lifetimes };
const lacking = { ...settings, problems: missing };
const down = { recorded: false, running: false, suspended: false };
const up = { ...down, recorded: true, running: true };
const serving = { path: '', lastStart: 'serving', settings: [] };
const refused = { path: '', lastStart: 'refused', code: 'configuration_invalid', settings: missing };

describe('the required variables', () => {
  it('are fine where a server runs, whatever the doctor itself lacks', () => {
    assert.equal(judge({ 'config.settings': lacking, 'process.server': up }), 'pass');
    assert.equal(judge({ 'config.settings': lacking, 'api.health': { result: 'answered' } }), 'pass');
  });

  it('are fine where the last start of a server that is gone was', () => {
    assert.equal(
      judge({ 'config.settings': lacking, 'process.server': down, 'logs.server': serving }),
      'pass',
    );
  });

  it('fail by what the server itself refused', () => {
    assert.equal(
      judge({ 'config.settings': settings, 'process.server': down, 'logs.server': refused }),
      'fail@env:DATABASE_URL',
    );
  });

  it('fail by what the doctor lacks when a server should run here and its log is silent', () => {
    assert.equal(judge({ 'config.settings': lacking, 'process.server': down }), 'fail@env:DATABASE_URL');
  });

  it('are unknown when neither log nor settings tell', () => {
    assert.equal(judge({ 'config.settings': settings, 'process.server': down }), 'unknown');
    assert.equal(judge({ 'config.settings': lacking }), 'unknown');
  });
});

it('a crash loop that the keeper reports is explained by the variable that the server misses', () => {
  const loop = { part: 'server', kind: 'crash-loop', reason: 'exited with code 2', startedAt: 'now' };
  const seen = {
    'config.settings': settings,
    'process.server': down,
    'process.keeper': { ...up, pid: 1 },
    'logs.server': { ...refused, lastWords: 'One setting is missing or wrong: DATABASE_URL is required' },
    'keeper.incidents': { path: '', open: [loop], recovered: 0 },
  };
  const { rootCauses, undecided, unexplained } = diagnose(runChecks(CHECKS, observationsOf(seen)), CODEBOOK);
  assert.deepEqual(
    rootCauses.map(({ code, subject }) => [code, subject]),
    [['required_variable_unset', 'env:DATABASE_URL']],
  );
  assert.ok(rootCauses[0]?.explains.includes('process.stable'));
  assert.deepEqual([undecided, unexplained], [[], []]);
});

it('published keys are not held against a keyring that cannot be used', () => {
  const keys = [{ kid: 'k1', use: 'sign', status: 'current' }];
  const published = (keyring: object): string | undefined => {
    const seen = { 'config.keyring': { path: '/keyring.json', ...keyring }, 'api.jwks': { kids: ['k1'] } };
    const outcomes = runChecks(CHECKS, observationsOf(seen));
    return outcomes.find(({ check }) => check === 'keys.published')?.outcome;
  };
  assert.equal(published({ state: 'usable', keys }), 'pass');
  assert.equal(published({ state: 'usable', keys: [{ ...keys[0], kid: 'k2' }] }), 'fail');
  for (const state of ['absent', 'invalid', 'open-to-others'])
    assert.equal(published({ state, keys: [] }), 'blocked');
});
