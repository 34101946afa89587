import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { connect } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { compareContent, readContent } from '../../src/backup/content/index.ts';
import type { DatabaseContent } from '../../src/backup/manifest.ts';
import { startSystemPostgres } from '../system-postgres.ts';
import { systemProgram } from './making.ts';

const run = promisify(execFile);

async function execute(url: string, text: string): Promise<void> {
  const connection = await connect({ url });
  try {
    await connection.script(text);
  } finally {
    await connection.close();
  }
}

function contentOf(url: string, jobs = 2): Promise<DatabaseContent> {
  const signal = new AbortController().signal;
  return readContent({ url, jobs, holds: 'physical', signal, onProgress: () => undefined });
}

function checksumOf(content: DatabaseContent, name: string): string {
  const table = content.tables.find(item => item.schema === 'public' && item.name === name);
  assert.equal(table?.unread, undefined, name);
  assert.notEqual(table?.checksum, undefined, name);
  return String(table?.checksum);
}

/** A type and values of it, no two of which are the same. */
const TYPES: readonly (readonly [type: string, ...values: string[]])[] = [
  ['int2', '0', '1', '-1', 'null'],
  ['int4', '0', '1', '-1', '2147483647', 'null'],
  // 32 bits of these are the same as of another one
  ['int8', '0', '-1', '4294967295', '4294967297', '-4294967296', 'null'],
  ['boolean', 'true', 'false', 'null'],
  ['text', `''`, `' '`, `'a'`, `'A'`, `'null'`, `'é'`, `U&'e\\0301'`, 'null'],
  ['varchar(20)', `''`, `'a'`, `'a '`, 'null'],
  ['char(5)', `'a'`, `'b'`, 'null'],
  ['bpchar', `'a'`, `'a '`, 'null'],
  ['name', `'a'`, `'b'`],
  ['"char"', `'a'`, `'b'`, `''`],
  [
    'numeric',
    '0',
    '0.0',
    '1.0',
    '1.00',
    '-1.0',
    '10000',
    '0.0001',
    `'NaN'`,
    `'Infinity'`,
    `'-Infinity'`,
    'null',
  ],
  ['float4', '0', `'-0'`, '1.5', '-1.5', `'NaN'`, `'Infinity'`, `'-Infinity'`, 'null'],
  ['float8', '0', `'-0'`, '0.1', '0.30000000000000004', '0.3', `'NaN'`, `'-Infinity'`, 'null'],
  [
    'timestamptz',
    `'2026-05-01'`,
    `'2026-05-01 00:00:00.000001'`,
    `'infinity'`,
    `'-infinity'`,
    `'4000-01-01'`,
    `'4000-01-01 00:00:00.000001'`,
    `'0044-03-15 BC'`,
    'null',
  ],
  ['timestamp', `'2026-05-01'`, `'2026-05-01 01:11:34.967296'`, `'infinity'`, 'null'],
  ['date', `'2026-05-01'`, `'2026-05-02'`, `'infinity'`, 'null'],
  ['time', `'12:00'`, `'12:00:00.000001'`, `'24:00'`, `'00:00'`],
  ['timetz', `'12:00+00'`, `'13:00+01'`],
  ['interval', `'1 day'`, `'24 hours'`, `'30 days'`, `'1 month'`, `'0'`],
  ['uuid', `'00000000-0000-0000-0000-000000000000'`, `'00000000-0000-0000-0000-000000000001'`, 'null'],
  ['bytea', `'\\x'`, `'\\x00'`, `'\\x0000'`, `'\\xff'`, 'null'],
  ['json', `'{"a":1}'`, `'{"a": 1}'`, `'{"a":1.0}'`, `'null'`, 'null'],
  ['jsonb', `'{"a":1}'`, `'{"a":1.0}'`, `'[[]]'`, `'[[[]]]'`, `'[1,[2]]'`, `'[[1],2]'`, `'null'`, 'null'],
  ['xml', `'<a/>'`, `'<a></a>'`],
  ['inet', `'10.0.0.1/8'`, `'10.0.0.1'`, `'::1'`],
  ['cidr', `'10.0.0.0/8'`, `'10.0.0.0/9'`],
  ['macaddr', `'08:00:2b:01:02:03'`, `'08:00:2b:01:02:04'`],
  ['bit(3)', `B'000'`, `B'001'`],
  ['varbit', `B''`, `B'0'`, `B'00'`],
  ['money', '1.00::money', '1.01::money'],
  ['point', `'(0,0)'`, `'(0,-0)'`, `'(1,0)'`],
  ['polygon', `'((0,0),(1,1))'`, `'((1,1),(0,0))'`],
  ['tsvector', `'a:1'`, `'a:2'`, `'a'`],
  ['tsquery', `'a & b'`, `'b & a'`],
  ['int4range', `'[1,3)'`, `'[1,4)'`, `'empty'`, 'null'],
  ['tstzmultirange', `'{}'`, `'{[2026-01-01,2026-01-02)}'`],
  ['int4[]', `'{}'`, `'{1}'`, `'{1,2}'`, `'{{1,2}}'`, `'[2:3]={1,2}'`, `'{null}'`, 'null'],
  ['text[]', `'{}'`, `'{""}'`, `'{"a","b"}'`, `'{"a,b"}'`, `'{null}'`, `'{"null"}'`],
  ['float8[]', `'{0}'`, `'{-0}'`, `'{NaN}'`],
  ['numeric[]', `'{1.0}'`, `'{1.00}'`],
  ['pg_lsn', `'0/1'`, `'1/0'`],
  ['mood', `'sad'`, `'glad'`, 'null'],
  ['mood[]', `'{sad}'`, `'{glad}'`, `'{}'`],
  ['pair', `'(1,)'`, `'(1,"")'`, `'(,)'`, 'null'],
  ['email', `'a@b'`, `'A@b'`, 'null'],
  ['amount', '1.0', '1.00', 'null'],
  ['regclass', `'pg_class'`, `'pg_type'`],
];

const KINDS = `
  create type mood as enum ('sad', 'glad');
  create type pair as (a int, b text);
  create domain email as text check (value like '%@%');
  create domain amount as numeric;`;

const tableOf = (type: number, value: number): string => `v_${type}_${value}`;

function valueTables(): string {
  return TYPES.flatMap(([type, ...values], number) =>
    values.map(
      (value, index) =>
        `create table ${tableOf(number, index)} (id int, v ${type}); insert into ${tableOf(number, index)} values (1, ${value}), (2, null);`,
    ),
  ).join('\n');
}

test('any two values of any type have two checksums, which no setting and no version changes', async t => {
  const database = await emptyDatabase(t);
  await execute(database.superuserUrl, KINDS + valueTables());
  const content = await contentOf(database.superuserUrl);
  for (const [number, [type, ...values]] of TYPES.entries()) {
    const seen = new Map<string, string>();
    for (const [index, value] of values.entries()) {
      const checksum = checksumOf(content, tableOf(number, index));
      assert.equal(seen.get(checksum), undefined, `${type}: ${value} has the checksum of another value`);
      seen.set(checksum, value);
    }
  }
  await execute(
    database.superuserUrl,
    [
      "datestyle = 'German'",
      "intervalstyle = 'sql_standard'",
      "timezone = 'Asia/Tokyo'",
      'extra_float_digits = -10',
      "bytea_output = 'escape'",
      "search_path = ''",
      "lc_monetary = 'C'",
      'row_security = on',
      'max_parallel_workers_per_gather = 4',
    ]
      .map(setting => `alter database ${database.name} set ${setting};`)
      .join('\n'),
  );
  assert.deepEqual((await contentOf(database.superuserUrl, 1)).tables, content.tables);

  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  // other oids for the types that follow
  await execute(
    system.superuserUrl,
    `create type before as enum ('x'); create table also_before (x int); drop table also_before;`,
  );
  await execute(system.superuserUrl, KINDS + valueTables());
  const other = await contentOf(system.superuserUrl);
  assert.deepEqual(other.tables, content.tables);
});

test('a dump of PostgreSQL 15 restored into 18 compares as the same, and a changed one does not', async t => {
  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  const database = await emptyDatabase(t);
  await execute(system.superuserUrl, KINDS + valueTables());
  await execute(
    system.superuserUrl,
    `create table orders (id bigint generated always as identity primary key, total numeric(10,2), twice numeric generated always as (total * 2) stored);
     insert into orders (total) select g from generate_series(1, 500) g;
     create table parts (id int, at date) partition by range (at);
     create table parts_1 partition of parts for values from ('2026-01-01') to ('2027-01-01');
     insert into parts values (1, '2026-05-01');
     create table parents (id int); create table children (extra text) inherits (parents);
     insert into parents values (1); insert into children values (2, 'x');`,
  );
  const dump = await run(await systemProgram('pg_dump'), ['--no-owner', system.superuserUrl], {
    maxBuffer: 1e8,
  });
  const load = run(await systemProgram('psql'), ['-qX', '-v', 'ON_ERROR_STOP=1', database.superuserUrl], {
    maxBuffer: 1e8,
  });
  load.child.stdin?.end(dump.stdout.replace(/^SET transaction_timeout.*$/m, ''));
  await load;
  const [before, after] = [await contentOf(system.superuserUrl), await contentOf(database.superuserUrl)];
  const owned = (content: DatabaseContent): DatabaseContent => ({ ...content, catalog: before.catalog });
  assert.deepEqual(
    before.tables
      .filter(({ name }) => /parts|parent|child|orders/.test(name))
      .map(({ name, rows }) => [name, rows]),
    [
      ['children', 1],
      ['orders', 500],
      ['parents', 1],
      ['parts_1', 1],
    ],
  );
  const renamed = { ...owned(after), name: before.name };
  assert.deepEqual(compareContent([before], [renamed]), []);

  await execute(database.superuserUrl, `update orders set total = total + 0.01 where id = 250;`);
  const changed = await contentOf(database.superuserUrl);
  assert.deepEqual(
    compareContent([before], [{ ...owned(changed), name: before.name }]).map(({ code, subject }) => [
      code,
      subject,
    ]),
    [['wrong_checksum', 'public.orders']],
  );
});

test('values exchanged between rows or columns show, and the order of rows does not', async t => {
  const database = await emptyDatabase(t);
  const rows = (text: string): string => `create table ${text};`;
  await execute(
    database.superuserUrl,
    [
      rows(`one as select * from (values (1, 'a', 'x'), (2, 'b', 'y')) v (id, p, q)`),
      rows(`other_order as select * from (values (2, 'b', 'y'), (1, 'a', 'x')) v (id, p, q)`),
      rows(`rows_exchanged as select * from (values (1, 'b', 'x'), (2, 'a', 'y')) v (id, p, q)`),
      rows(`columns_exchanged as select * from (values (1, 'x', 'a'), (2, 'y', 'b')) v (id, p, q)`),
      rows(`one_twice as select * from (values (1, 'a', 'x'), (2, 'b', 'y'), (2, 'b', 'y')) v (id, p, q)`),
      rows(`no_columns ()`),
      `insert into no_columns default values;`,
    ].join('\n'),
  );
  const content = await contentOf(database.superuserUrl);
  const one = checksumOf(content, 'one');
  assert.equal(checksumOf(content, 'other_order'), one);
  const others = ['rows_exchanged', 'columns_exchanged', 'one_twice'].map(name => checksumOf(content, name));
  assert.equal(new Set([one, ...others]).size, 4);
  assert.equal(content.tables.find(({ name }) => name === 'no_columns')?.rows, 1);
});

test('parts of a large table add up to the whole, whoever reads them', async t => {
  const database = await emptyDatabase(t);
  // 8,192 pages are one part
  await execute(
    database.superuserUrl,
    `create table large (id int, pad char(1900)); alter table large alter pad set storage plain;
     insert into large select g, '' from generate_series(1, 36000) g;`,
  );
  const [one, four] = [await contentOf(database.superuserUrl, 1), await contentOf(database.superuserUrl, 4)];
  assert.equal(one.tables[0]?.rows, 36_000);
  assert.deepEqual(one.tables, four.tables);
  await execute(database.superuserUrl, `create table copied as table large;`);
  const both = await contentOf(database.superuserUrl);
  assert.equal(checksumOf(both, 'copied'), checksumOf(both, 'large'));
});
