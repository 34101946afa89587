import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Catalog } from '@holdfast/postgres';
import { compareCatalogs } from './compare-catalogs.ts';

const column = (name: string, type = 'uuid') => ({
  name,
  type,
  notNull: true,
  default: null,
  identity: null,
  generated: null,
  collation: null,
});

function table(name: string, columns: readonly string[]): Catalog['tables'][number] {
  const kind = 'table' as const;
  return {
    schema: 'public',
    name,
    kind,
    owner: 'o',
    rowSecurity: false,
    columns: columns.map(c => column(c)),
  };
}

const head = { schema: 'public', table: 'sessions' };

const expected: Catalog = {
  serverVersion: 180_004,
  schemas: ['public'],
  tables: [table('users', ['id']), table('sessions', ['id', 'user_id'])],
  indexes: [
    {
      ...head,
      name: 'sessions_pkey',
      definition: 'CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (id)',
      unique: true,
      primary: true,
      valid: true,
      ready: true,
    },
    {
      ...head,
      name: 'sessions_user',
      definition: 'CREATE INDEX sessions_user ON public.sessions USING btree (user_id)',
      unique: false,
      primary: false,
      valid: true,
      ready: true,
    },
  ],
  constraints: [
    { ...head, name: 'sessions_pkey', kind: 'primary key', definition: 'PRIMARY KEY (id)', validated: true },
    {
      ...head,
      name: 'sessions_user_id_fkey',
      kind: 'foreign key',
      definition: 'FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE',
      validated: true,
    },
  ],
  triggers: [],
  sequences: [],
  functions: [],
  views: [],
  types: [],
  extensions: [],
  dependencies: [
    { object: ['index', 'public', 'sessions_user'], needs: [['column', 'public', 'sessions', 'user_id']] },
    {
      object: ['constraint', 'public', 'sessions', 'sessions_user_id_fkey'],
      needs: [
        ['column', 'public', 'sessions', 'user_id'],
        ['column', 'public', 'users', 'id'],
        ['table', 'public', 'users'],
      ],
    },
  ],
};

const nothing = {
  tables: 2,
  indexes: 2,
  missingTables: [],
  missingColumns: [],
  changedColumns: [],
  missingIndexes: [],
  invalidIndexes: [],
  missingConstraints: [],
  missingCode: [],
  disabledTriggers: [],
  missingExtensions: [],
  lostRights: [],
  changedRowSecurity: [],
  interferingTriggers: [],
  changedTriggerFunctions: [],
};

const without = (name: string) => (item: { readonly name: string }) => item.name !== name;

describe('compareCatalogs', () => {
  it('finds nothing in an equal catalog, nor in one that has more', () => {
    assert.deepEqual(compareCatalogs(expected, expected), nothing);
    const more = { ...expected, tables: [...expected.tables, table('extra', ['id'])] };
    assert.deepEqual(compareCatalogs(expected, more), nothing);
  });

  it('names a missing table alone, with the foreign keys that pointed to it left out', () => {
    const live = {
      ...expected,
      tables: expected.tables.filter(without('users')),
      constraints: expected.constraints.filter(without('sessions_user_id_fkey')),
    };
    assert.deepEqual(compareCatalogs(expected, live), { ...nothing, missingTables: ['users'] });
  });

  it('names a missing column alone, without the indexes and constraints that went with it', () => {
    const live = {
      ...expected,
      tables: [table('users', ['id']), table('sessions', ['id'])],
      indexes: expected.indexes.filter(without('sessions_user')),
      constraints: expected.constraints.filter(without('sessions_user_id_fkey')),
    };
    assert.deepEqual(compareCatalogs(expected, live), { ...nothing, missingColumns: ['sessions.user_id'] });
  });

  it('takes a column of another type for missing', () => {
    const changed = { ...table('users', ['id']), columns: [column('id', 'text')] };
    const live = { ...expected, tables: [changed, ...expected.tables.slice(1)] };
    const { missingColumns, changedColumns } = compareCatalogs(expected, live);
    assert.deepEqual(missingColumns, ['users.id']);
    assert.deepEqual(changedColumns, [
      {
        column: 'users.id',
        problem: 'has the type text, not uuid',
        remedy: [
          'alter table public.users alter column id type uuid using id::uuid;',
          '-- look first for values that do not fit: they are cut off, rounded or refused',
          '-- what the other type could not hold is in a backup alone',
        ],
        undo: 'alter table public.users alter column id type text using id::text;',
      },
    ]);
  });

  it('takes a column of another name for missing, and says which name it has', () => {
    const live = { ...expected, tables: [table('users', ['key']), ...expected.tables.slice(1)] };
    assert.deepEqual(compareCatalogs(expected, live).changedColumns, [
      {
        column: 'users.id',
        problem: 'is called users.key now',
        remedy: ['alter table public.users rename column key to id;'],
        undo: 'alter table public.users rename column id to key;',
      },
    ]);
  });

  it('names missing and invalid indexes', () => {
    const live = { ...expected, indexes: expected.indexes.filter(without('sessions_user')) };
    assert.deepEqual(compareCatalogs(expected, live).missingIndexes, ['sessions_user']);
    const broken = { ...expected, indexes: expected.indexes.map(index => ({ ...index, valid: false })) };
    assert.deepEqual(compareCatalogs(expected, broken).invalidIndexes, ['sessions_pkey', 'sessions_user']);
  });

  it('misses the index of a primary key as that constraint', () => {
    const live = {
      ...expected,
      indexes: expected.indexes.filter(without('sessions_pkey')),
      constraints: expected.constraints.filter(without('sessions_pkey')),
    };
    const found = compareCatalogs(expected, live);
    assert.deepEqual([found.missingIndexes, found.missingConstraints], [[], ['sessions.sessions_pkey']]);
  });

  it('compares definitions, between major versions of PostgreSQL by their meaning', () => {
    const check = (definition: string, serverVersion: number): Catalog => {
      const constraint = { ...head, name: 'level', kind: 'check' as const, definition, validated: true };
      return { ...expected, serverVersion, constraints: [...expected.constraints, constraint] };
    };
    const wanted = check('CHECK ((level > 0))', 180_004);
    const missing = (live: Catalog) => compareCatalogs(wanted, live).missingConstraints;
    assert.deepEqual(missing(check('CHECK ((level > 1))', 180_004)), ['sessions.level']);
    assert.deepEqual(missing(check('CHECK ((level > 1))', 170_002)), ['sessions.level']);
    assert.deepEqual(missing(check('CHECK (level > 0)', 170_002)), []);
  });

  it('misses a constraint that does not hold, and not one that holds more than it should', () => {
    const change = (change: { readonly validated?: boolean; readonly enforced?: boolean }): Catalog => ({
      ...expected,
      constraints: expected.constraints.map(item =>
        item.kind === 'foreign key' ? { ...item, enforced: true, ...change } : item,
      ),
    });
    const missing = (wanted: Catalog, live: Catalog) => compareCatalogs(wanted, live).missingConstraints;
    const key = 'sessions.sessions_user_id_fkey';
    assert.deepEqual(missing(change({}), change({ validated: false })), [key]);
    assert.deepEqual(missing(change({}), change({ enforced: false })), [key]);
    assert.deepEqual(missing(change({ validated: false }), change({})), []);
  });

  it('names in full what lies in another schema, and what went with the whole schema', () => {
    const elsewhere = { ...table('Orders', ['id']), schema: 'app' };
    const wanted = { ...expected, schemas: ['app', 'public'], tables: [...expected.tables, elsewhere] };
    assert.deepEqual(compareCatalogs(wanted, expected).missingTables, ['app."Orders"']);
    const narrower = { ...wanted, tables: [...expected.tables, { ...elsewhere, columns: [] }] };
    assert.deepEqual(compareCatalogs(wanted, narrower).missingColumns, ['app."Orders".id']);
  });

  it('takes what was renamed for missing', () => {
    const renamed = { ...table('people', ['id']) };
    const live = { ...expected, tables: [renamed, ...expected.tables.slice(1)] };
    assert.deepEqual(compareCatalogs(expected, live).missingTables, ['users']);
  });

  const secured = (name: string, more: object = {}) => ({
    ...table(name, ['id']),
    rowSecurity: true,
    ...more,
  });
  const policy = (name: string, using: string) => ({
    ...{ schema: 'public', table: 'users', name, command: 'all' as const, permissive: true, roles: ['app'] },
    ...{ using, check: null },
  });

  it('sees row level security that was switched on or off, and policies that are other ones', () => {
    const changesOf = (wanted: Catalog, live: Catalog) =>
      compareCatalogs(wanted, live).changedRowSecurity.map(({ table: name, changes }) => [name, ...changes]);
    const plain = { ...expected, policies: [] };
    const [, sessions] = expected.tables;
    const tables = (users: Catalog['tables'][number]) => [
      users,
      ...(sessions === undefined ? [] : [sessions]),
    ];
    const on = { ...plain, tables: tables(secured('users')) };
    assert.deepEqual(changesOf(plain, on), [
      [
        'users',
        'it was switched on without a policy: no row is seen, and none is taken, except by the owner',
      ],
    ]);
    assert.deepEqual(compareCatalogs(plain, on).changedRowSecurity[0]?.remedy, [
      'alter table public.users disable row level security;',
    ]);
    assert.deepEqual(changesOf(on, plain), [['users', 'it was switched off: every row is seen']]);
    const own = { ...on, policies: [policy('own', '(id = 1)')] };
    assert.deepEqual(changesOf(own, on), [['users', 'the policy own is gone']]);
    assert.deepEqual(changesOf(on, own), [['users', 'the policy own was added']]);
    assert.deepEqual(changesOf(own, { ...own, policies: [policy('own', '(id = 2)')] }), [
      ['users', 'the policy own is another one: its using'],
    ]);
    // without effect while it is off
    assert.deepEqual(changesOf(plain, { ...plain, policies: [policy('own', '(id = 1)')] }), []);
  });

  const fn = (body: string): Catalog['functions'][number] => ({
    ...{
      schema: 'public',
      name: 'act',
      arguments: '',
      kind: 'function',
      returns: 'trigger',
      language: 'plpgsql',
    },
    definition: `CREATE OR REPLACE FUNCTION public.act()\n RETURNS trigger\nAS $function$ ${body} $function$\n`,
  });
  const trigger = (when: string): Catalog['triggers'][number] => ({
    ...{ ...head, name: 'acts', enabled: 'origin', internal: false, constraint: null },
    definition: `CREATE TRIGGER acts ${when} ON public.sessions FOR EACH ROW EXECUTE FUNCTION act()`,
  });
  const acting = (when: string, body: string): Catalog => ({
    ...expected,
    triggers: [trigger(when)],
    functions: [fn(body)],
  });

  it('sees a trigger that was added or changed and refuses or drops rows, and no other one', () => {
    const problems = (wanted: Catalog, live: Catalog) =>
      compareCatalogs(wanted, live).interferingTriggers.map(({ problem }) => problem);
    const added = (when: string, body: string) => problems(expected, acting(when, body)).length;
    assert.equal(added('BEFORE INSERT', "begin raise exception 'no'; end"), 1);
    assert.equal(added('AFTER INSERT', "begin raise exception 'no'; end"), 1);
    assert.equal(added('BEFORE INSERT', 'begin return null; end'), 1);
    assert.equal(added('AFTER INSERT', 'begin return null; end'), 0);
    assert.equal(added('BEFORE INSERT', "begin raise notice 'seen'; return new; end"), 0);
    assert.equal(added('BEFORE INSERT', 'begin /* raise exception */ return new; -- return null\n end'), 0);
    const sound = acting('BEFORE INSERT', 'begin return new; end');
    assert.deepEqual(problems(sound, acting('BEFORE INSERT', 'begin return null; end')), [
      'runs a changed function, which returns null: rows are dropped without a word',
    ]);
    assert.deepEqual(problems(sound, acting('BEFORE INSERT', 'begin return old; end')), []);
    assert.equal(problems(sound, acting('BEFORE UPDATE', 'begin return new; end')).length, 1);
    assert.deepEqual(problems(sound, sound), []);
  });

  it('sees a trigger whose function was emptied', () => {
    const sound = acting('BEFORE INSERT', 'begin new.at := now(); return new; end');
    const compared = (body: string) => compareCatalogs(sound, acting('BEFORE INSERT', body));
    const { interferingTriggers: found, changedTriggerFunctions } = compared(
      'BEGIN -- no\n RETURN new; END;',
    );
    assert.deepEqual(
      found.map(({ trigger: name, problem }) => [name, problem]),
      [['sessions.acts', 'does nothing any more: its function act() was changed and returns at once']],
    );
    assert.match(found[0]?.remedy.at(-1) ?? '', /^create or replace function public\.act.* new\.at := now/is);
    assert.deepEqual(changedTriggerFunctions, []);
    const hollow = acting('BEFORE INSERT', 'begin return new; end');
    assert.deepEqual(compareCatalogs(hollow, hollow).interferingTriggers, []);
    assert.deepEqual(compareCatalogs(hollow, sound).interferingTriggers, []);
  });

  it('names another function that a trigger calls, which may be a mended one', () => {
    const sound = acting('BEFORE INSERT', 'begin new.at := now(); return new; end');
    const other = acting('BEFORE INSERT', 'begin if false then new.at := now(); end if; return new; end');
    const { interferingTriggers, changedTriggerFunctions } = compareCatalogs(sound, other);
    assert.deepEqual(interferingTriggers, []);
    assert.deepEqual(changedTriggerFunctions, [{ function: 'act()', triggers: ['sessions.acts'] }]);
    const silent = (catalog: Catalog) => compareCatalogs(sound, catalog).changedTriggerFunctions;
    assert.deepEqual(silent(sound), []);
    const granted = sound.functions.map(item => ({ ...item, comment: 'of the clock' }));
    assert.deepEqual(silent({ ...sound, functions: granted }), []);
    // of an extension, or of a schema that is not looked at
    const away = { ...other, functions: [] };
    assert.deepEqual(compareCatalogs({ ...sound, functions: [] }, away).changedTriggerFunctions, []);
    const off = other.triggers.map(item => ({ ...item, enabled: 'disabled' as const }));
    assert.deepEqual(silent({ ...other, triggers: off }), []);
  });
});
