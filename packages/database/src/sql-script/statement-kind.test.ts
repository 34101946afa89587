import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitStatements } from './split-statements.ts';
import { refusesTransaction, type StatementKind, statementKind } from './statement-kind.ts';

const CASES: readonly (readonly [text: string, kind: StatementKind, refuses?: true])[] = [
  ['create table a (b int)', 'transactional'],
  ['create index on a (b)', 'transactional'],
  ['create unique index concurrently if not exists i on a (b)', 'create_index_concurrently', true],
  ['CREATE /* x */ INDEX\nCONCURRENTLY i on a (b)', 'create_index_concurrently', true],
  ['drop index concurrently i', 'drop_index_concurrently', true],
  ['drop index i', 'transactional'],
  ['reindex index concurrently i', 'repeatable', true],
  ['reindex (verbose) table a', 'repeatable'],
  ['vacuum (analyze) a', 'repeatable', true],
  ['alter system set work_mem = 1', 'repeatable', true],
  ['alter table a detach partition b concurrently', 'opaque'],
  ['alter table a detach partition b', 'transactional'],
  ["alter type mood add value 'ok'", 'transactional'],
  ['create database d', 'opaque', true],
  ['call p()', 'opaque'],
  ['do $$ begin perform 1; end $$', 'transactional'],
  ['do $$ begin update a set b = 1; commit; end $$', 'opaque'],
  ['begin', 'begin'],
  ['start transaction', 'begin'],
  ['commit and chain', 'commit'],
  ['end', 'commit'],
  ["prepare transaction 'x'", 'commit'],
  ['prepare x as select 1', 'transactional'],
  ["commit prepared 'x'", 'opaque'],
  ['rollback', 'rollback'],
  ['abort', 'rollback'],
  ['rollback to savepoint s', 'savepoint'],
  ['rollback work to s', 'savepoint'],
  ['release s', 'savepoint'],
  ['set search_path = a', 'session'],
  ['reset role', 'session'],
  ['set local lock_timeout = 1', 'transactional'],
  ['set constraints all deferred', 'transactional'],
  ['copy a from stdin', 'copy_from_client'],
  ["copy a from '/tmp/x'", 'transactional'],
  ['discard all', 'discard'],
];

describe('statementKind', () => {
  for (const [text, kind, refuses] of CASES) {
    it(text, () => {
      const [statement] = splitStatements({ file: 'x.sql', text });
      assert.ok(statement);
      assert.equal(statementKind(statement), kind);
      assert.equal(refusesTransaction(statement), refuses ?? false);
    });
  }
});
