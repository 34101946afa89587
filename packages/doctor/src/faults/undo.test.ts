import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CHECKS } from '../checks/index.ts';
import { type Observation, runChecks } from '../engine/index.ts';
import { CODEBOOK, OTHER_CODEBOOK } from './index.ts';

const LEDGER = {
  ...{ applied: 3, version: '0003', running: false, unknown: [], contradictions: [] },
  ...{ pending: [], halfDone: [] },
};
const CATALOG = {
  ...{ tables: 1, indexes: 1, missingTables: [], missingColumns: [], missingIndexes: [], invalidIndexes: [] },
  ...{ changedColumns: [] as readonly unknown[] },
  ...{ missingConstraints: [], missingCode: [], disabledTriggers: [], missingExtensions: [], lostRights: [] },
  ...{ changedRowSecurity: [], interferingTriggers: [], changedTriggerFunctions: [] },
};
const RIGHTS = [{ object: 'table:users', role: 'app', privileges: ['INSERT', 'SELECT'] }];

/** The way back from a repair, of both codebooks where both know it. */
function undo(code: string, subject: string, saw: Readonly<Record<string, unknown>> = {}): string[] {
  const observations = Object.entries(saw).map(([id, seen]) => ({ id, probe: 'inside', saw: seen }));
  const outcomes = runChecks(CHECKS, observations as unknown as Observation[]);
  const context = {
    subject,
    outcomes: (check: string) => outcomes.filter(outcome => outcome.check === check),
  };
  const faults = [...CODEBOOK, ...OTHER_CODEBOOK].filter(fault => fault.code === code);
  return [...new Set(faults.map(({ repair }) => repair(context).undo))];
}

it('gives the way back as it is typed, where the names are known', () => {
  const pending = { 'schema.ledger': { ...LEDGER, pending: ['0004_more'] } };
  assert.deepEqual(undo('migrations_pending', 'migrations', pending), ['holdfast rollback --to 0003']);
  const half = { 'schema.ledger': { ...LEDGER, halfDone: ['0004_more'] } };
  assert.deepEqual(undo('migration_half_done', 'migration:0004_more', half), ['holdfast rollback --to 0003']);
  assert.deepEqual(undo('index_missing', 'index:shop."By day"'), ['drop index concurrently shop."By day";']);
  assert.deepEqual(undo('trigger_disabled', 'trigger:shop.users."On.change"'), [
    'alter table shop.users disable trigger "On.change";',
  ]);
  assert.deepEqual(undo('trigger_disabled', 'constraint:users.fk'), ['Switch it off again.']);
  const lost = { 'schema.catalog': { ...CATALOG, lostRights: RIGHTS } };
  assert.deepEqual(undo('rights_revoked', 'table:users', lost), [
    'revoke INSERT, SELECT on table users from app;',
  ]);
});

it('gives a column that was renamed its name back, and adds none beside it', () => {
  const column = { column: 'users.id', problem: 'is called users.key now' };
  const typed = { remedy: ['alter table users rename column key to id;'], undo: 'rename it again;' };
  const saw = { ...CATALOG, missingColumns: ['users.id'], changedColumns: [{ ...column, ...typed }] };
  const observations = [{ id: 'schema.catalog', probe: 'inside', saw }] as unknown as Observation[];
  const outcomes = runChecks(CHECKS, observations).filter(({ check }) => check === 'schema.columns');
  const context = { subject: 'column:users.id', outcomes: () => outcomes };
  for (const faults of [CODEBOOK, OTHER_CODEBOOK]) {
    const fault = faults.find(({ code }) => code === 'column_missing');
    assert.equal(fault?.summary(context), 'The column users.id is called users.key now.');
    assert.deepEqual(fault?.repair(context), {
      ...{ risk: 'confirm', steps: ['alter table users rename column key to id;'], undo: 'rename it again;' },
    });
  }
});

it('says of a missing index that a unique one needs its duplicates dealt with first', () => {
  const told = [CODEBOOK, OTHER_CODEBOOK].map(faults =>
    faults
      .find(({ code }) => code === 'index_missing')
      ?.repair({ subject: 'index:shop.products_sku_key', outcomes: () => [] })
      .steps.join(' '),
  );
  for (const text of told)
    assert.match(text ?? '', /unique index .* only once no two rows have the same key/);
});
