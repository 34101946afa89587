import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import type { MigrationScript } from './migration.ts';
import { parseSections, parseSingle } from './parse-migration.ts';

const FILE = '0001_test.sql';

function shape(script: MigrationScript | undefined): unknown {
  return script && [script.mode, ...script.statements.map(({ text, line }) => `${line}: ${text}`)];
}

const ACCEPTED: readonly (readonly [name: string, text: string, up: unknown, down: unknown])[] = [
  [
    'both sections',
    '-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n',
    ['transactional', '2: select 1'],
    ['transactional', '4: select 2'],
  ],
  ['no down section', '-- migrate:up\nselect 1', ['transactional', '2: select 1'], undefined],
  [
    'no space in the marker',
    '--migrate:up\nselect 1\n--migrate:down\n',
    ['transactional', '2: select 1'],
    ['transactional'],
  ],
  [
    'comments and blank lines first',
    '\n-- about\n  -- more\n\n-- migrate:up\nselect 1',
    ['transactional', '6: select 1'],
    undefined,
  ],
  [
    'options',
    '-- migrate:up transaction:false\nselect 1;\n-- migrate:down   transaction:true  \nselect 2',
    ['stepwise', '2: select 1'],
    ['transactional', '4: select 2'],
  ],
  [
    'a remark behind the marker',
    '-- migrate:up transaction:false -- for the index\nvacuum;',
    ['stepwise', '2: vacuum'],
    undefined,
  ],
  [
    'words that only begin like a marker',
    '-- migrate:update the rows\n-- migrate:up\nselect 1',
    ['transactional', '3: select 1'],
    undefined,
  ],
  [
    'an indented marker is a comment',
    '-- migrate:up\nselect 1;\n -- migrate:down\nselect 2',
    ['transactional', '2: select 1', '4: select 2'],
    undefined,
  ],
  ['an empty section', '-- migrate:up\n-- migrate:down\n', ['transactional'], ['transactional']],
  [
    'savepoints in a transaction',
    '-- migrate:up\nsavepoint a;\nrollback to a;\nrelease a;',
    ['transactional', '2: savepoint a', '3: rollback to a', '4: release a'],
    undefined,
  ],
  [
    'a transaction of its own in a stepwise section',
    '-- migrate:up transaction:false\nbegin;\nselect 1;\ncommit;',
    ['stepwise', '2: begin', '3: select 1', '4: commit'],
    undefined,
  ],
];

const REFUSED: readonly (readonly [name: string, text: string, problem: RegExp])[] = [
  ['no marker at all', 'create table a ();', /no up section/],
  ['a marker that is not quite one', 'x\n -- Migrate: up\n', /no up section.*line 2 looks like one/],
  ['only a down section', '-- migrate:down\n', /no up section/],
  ['down before up', '-- migrate:down\n-- migrate:up\n', /line 1: the up section must come before/],
  ['statements before', '-- a\nselect 1;\n-- migrate:up\n', /line 2: only comments may stand before/],
  ['up twice', '-- migrate:up\n-- migrate:up\n', /line 2: a second "-- migrate:up"; the first is on line 1/],
  ['down twice', '-- migrate:up\n-- migrate:down\n\n-- migrate:down', /line 4: a second "-- migrate:down"/],
  ['an unknown option', '-- migrate:up transactional:false\n', /the option "transactional:false" is unknown/],
  ['an option without its colon', '-- migrate:up transaction false\n', /the option "transaction" is unknown/],
  ['an unknown value', '-- migrate:up transaction:no\n', /the option "transaction:no" is unknown/],
  [
    'a commit in a transaction',
    '-- migrate:up\nselect 1;\ncommit;',
    /line 3: commit: a migration is one transaction/,
  ],
  ['begin in a transaction', '-- migrate:up\nbegin;', /line 2: begin: a migration is one transaction/],
  [
    'a concurrent index in a transaction',
    '-- migrate:up\ncreate index concurrently a on b (c);',
    /line 2: create index concurrently .*transaction:false/,
  ],
  [
    'vacuum in the down section',
    '-- migrate:up\n-- migrate:down\nvacuum;',
    /line 3: vacuum: cannot run inside/,
  ],
  [
    'an open transaction',
    '-- migrate:up transaction:false\n\nbegin;\nselect 1;',
    /line 3: .* never committed/,
  ],
  ['copy from stdin', '-- migrate:up\ncopy a from stdin;', /line 2: COPY/],
  ['discard', '-- migrate:up transaction:false\ndiscard all;', /line 2: DISCARD/],
  [
    'a marker inside quotes',
    '-- migrate:up\nselect $$\n-- migrate:down\n$$;',
    /line 2: a string quoted with \$\$ .*"-- migrate:"/,
  ],
];

function refuses(work: () => unknown, problem: RegExp): void {
  assert.throws(work, error => isHoldfastError(error, 'sql_file_invalid') && problem.test(error.message));
}

describe('parseSections', () => {
  for (const [name, text, up, down] of ACCEPTED) {
    it(name, () => {
      const parsed = parseSections(FILE, text);
      assert.deepEqual([shape(parsed.up), shape(parsed.down)], [up, down]);
    });
  }
  for (const [name, text, problem] of REFUSED) {
    it(`refuses ${name}`, () => refuses(() => parseSections(FILE, text), problem));
  }
});

describe('parseSingle', () => {
  it('takes the whole file', () => {
    assert.deepEqual(shape(parseSingle(FILE, '-- about\nselect 1;', 'up')), ['transactional', '2: select 1']);
  });

  it('takes options from a marker at the top', () => {
    const script = parseSingle(FILE, '-- migrate:down transaction:false\nvacuum;', 'down');
    assert.deepEqual(shape(script), ['stepwise', '2: vacuum']);
  });

  it('refuses the other direction', () => {
    refuses(() => parseSingle(FILE, 'select 1;\n-- migrate:down\nselect 2', 'up'), /line 2: a down section/);
  });
});
