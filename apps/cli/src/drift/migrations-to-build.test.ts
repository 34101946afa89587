import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import type { Migration, MigrationEntry } from '@holdfast/database/migrate';
import { migrationsToBuild } from './migrations-to-build.ts';

const FACTS = {
  checksum: 'c',
  chain: 'c',
  startedAt: new Date(0),
  finishedAt: null,
  durationMs: 1,
  appliedBy: 'me',
  toolVersion: '1',
};

function file(version: string): Migration {
  const up = { file: `${version}_x.sql`, mode: 'transactional' as const, statements: [] };
  return { version, name: 'x', file: `${version}_x.sql`, checksum: 'c', up, down: undefined };
}

function known(version: string): Pick<MigrationEntry, 'version' | 'name' | 'file'> {
  return { version, name: 'x', file: `${version}_x.sql` };
}

function applied(version: string): MigrationEntry {
  return { ...known(version), state: 'applied', ...FACTS };
}

function tampered(version: string, problem: 'edited' | 'inserted' | 'unknown', name = 'x'): MigrationEntry {
  const explanation = `${version} is ${problem}`;
  const entry = {
    ...known(version),
    name,
    state: 'tampered' as const,
    problem,
    explanation,
    halfDone: false,
  };
  return problem === 'unknown' ? { ...entry, file: undefined } : entry;
}

const files = [file('1'), file('2'), file('3')];

function choose(entries: readonly MigrationEntry[], ledger = true) {
  const { migrations, ...rest } = migrationsToBuild({ ledger, entries }, files, 'dir');
  return { ...rest, versions: migrations.map(({ version }) => version) };
}

describe('migrationsToBuild', () => {
  it('builds every file where there is no ledger', () => {
    const pending = files.map(({ version }) => ({ ...known(version), state: 'pending' as const }));
    assert.deepEqual(choose(pending, false), {
      versions: ['1', '2', '3'],
      description: 'dir',
      progress: 'building the 3 migrations in dir in a scratch database',
      notes: [],
    });
  });

  it('builds those that are applied, edited ones as they are now, and says so', () => {
    const entries = [applied('1'), tampered('2', 'edited'), { ...known('3'), state: 'pending' as const }];
    assert.deepEqual(choose(entries), {
      versions: ['1', '2'],
      description: 'dir up to 2',
      progress: 'building the 2 applied migrations, up to 2, in a scratch database',
      notes: ['2 is edited'],
    });
  });

  it('leaves out what was inserted or is half done, and says so', () => {
    const half = {
      ...known('3'),
      state: 'half_done' as const,
      direction: 'up' as const,
      nextStatement: 2,
      statementCount: 3,
      inDoubt: false,
      failure: null,
      startedAt: new Date(0),
    };
    const { versions, notes } = choose([tampered('1', 'inserted'), applied('2'), half]);
    assert.deepEqual(versions, ['2']);
    assert.deepEqual(notes, [
      '1 is inserted',
      '3_x.sql was being applied and is half done. What it did so far shows as a difference.',
    ]);
  });

  it('compares with an empty database when the ledger says that nothing is applied', () => {
    const { versions, description, progress } = choose(
      files.map(({ version }) => ({ ...known(version), state: 'pending' as const })),
    );
    assert.deepEqual(
      [versions, description, progress],
      [
        [],
        'an empty database: of the 3 migrations in dir none is applied',
        'building an empty scratch database',
      ],
    );
  });

  it('cannot tell what a migration without its file has built', () => {
    const lost = ['4', '5', '6', '7'].map((version, index) =>
      tampered(version, 'unknown', index === 0 ? '' : 'y'),
    );
    assert.throws(
      () => choose([applied('1'), ...lost]),
      (error: Error) =>
        isHoldfastError(error, 'drift_unknown') &&
        /not in dir: 4, 5_y, 6_y and 1 more\. .*--migrations DIR, or compare with --ledger$/.test(
          error.message,
        ),
    );
  });

  it('does not compare with files of which none is what was applied', () => {
    assert.throws(
      () => choose([tampered('1', 'edited'), tampered('2', 'edited')]),
      (error: Error) =>
        isHoldfastError(error, 'drift_unknown') &&
        /^No file in dir is what the database says was applied as 1, 2\. /.test(error.message),
    );
  });
});
