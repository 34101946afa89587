import { createRequire } from 'node:module';
import { type ImportedAccount, importAccounts } from '@holdfast/auth/accounts';
import { createPasswordHasher } from '@holdfast/auth/passwords';
import { newId } from '@holdfast/core';
import { type BulkRow, bulkInsert, type Connection, connect, sql } from '@holdfast/postgres';
import { alternate, type Benchmark, type Side, summarize, type Target } from './lib/benchmark.ts';
import { startSystem } from './lib/holdfast.ts';

const ROWS = 100_000;
const AUTHOR = '01900000-0000-7000-8000-0000000000aa';
const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$QOmyMCohFwOPJlqSdG5jbg$PUAYrnpwDfRyTf03F1roICISiVd7k4fimIvjsSjZpPM';

const BULK = 'bulkInsert into users';
const BULK_100 = 'bulkInsert into users, always 100 rows a batch';
const TAKEN = 'bulkInsert into users, one address in ten is taken';
const COPY = 'COPY by pg-copy-streams into users';
const ACCOUNTS = 'importAccounts: users, profiles, credentials, roles, audit';
const COPY_FOUR = 'COPY by pg-copy-streams into the same four tables';

const TARGETS: readonly Target[] = [
  { side: BULK, baseline: COPY, target: '≥ 0.85' },
  { side: ACCOUNTS, baseline: COPY_FOUR, target: '≥ 0.85' },
  { side: BULK_100, baseline: COPY, target: 'for orientation' },
  { side: TAKEN, baseline: COPY, target: 'for orientation' },
];

/** 100,000 rows into the tables of accounts, with all their indexes, checks and foreign keys. */
export const bulkImport: Benchmark = {
  name: 'import',
  run: async ({ rounds, progress }) => {
    const system = await startSystem();
    try {
      const url = system.databaseUrl('holdfast');
      const ours = await connect({ url });
      const theirs = await openPeer(url);
      const samples = await alternate(await createSides(ours, theirs), rounds, progress);
      await theirs.client.end();
      await ours.close();
      const notes = [
        `${ROWS.toLocaleString('en-US')} rows from memory; the tables are emptied and a checkpoint is made before each measurement. PostgreSQL ${system.postgresVersion} with its durable defaults, one connection.`,
        'COPY is one transaction and stops at the first bad row; bulkInsert commits each batch and would name the line of each bad one. Accounts come with a password hash.',
      ];
      return summarize({ benchmark: 'import', unit: 'rows/s', rounds, notes }, samples, TARGETS);
    } finally {
      await system.stop();
    }
  },
};

async function createSides(ours: Connection, theirs: Peer): Promise<Side[]> {
  const hasher = createPasswordHasher();
  const { id: roleId } = await ours.one(sql<{ id: string }>`select id from roles where name = 'user'`);
  const bulk = (rows: readonly BulkRow[], batchSize?: number) =>
    bulkInsert(ours, {
      table: ['users'],
      columns: ['id', 'email', 'email_verified_at'],
      constants: { created_by: AUTHOR, modified_by: AUTHOR },
      conflict: 'skip',
      key: 'id',
      rows,
      ...(batchSize === undefined ? {} : { batchSize }),
    });
  const side = <T>(name: string, prepare: () => T, run: (input: T) => Promise<unknown>): Side => ({
    name,
    measure: () => rowsPerSecond(ours, prepare, run),
  });
  const userRow = ({ id, email }: Person) => [id, email, null, AUTHOR, AUTHOR];
  const userColumns = ['id', 'email', 'email_verified_at', 'created_by', 'modified_by'];
  return [
    side(
      BULK,
      () => makePeople().map(bulkRow),
      rows => bulk(rows),
    ),
    side(
      COPY,
      () => makePeople().map(userRow),
      rows => theirs.copy('users', userColumns, rows),
    ),
    side(
      BULK_100,
      () => makePeople().map(bulkRow),
      rows => bulk(rows, 100),
    ),
    side(
      TAKEN,
      () => makePeople(0.9).map(bulkRow),
      rows => bulk(rows),
    ),
    side(ACCOUNTS, makeAccounts, accounts =>
      importAccounts({ pool: ours, hasher }, { type: 'operator', id: null }, accounts),
    ),
    side(COPY_FOUR, makePeople, people => copyFour(theirs, people, roleId)),
  ];
}

/** Empties the tables, prepares the input, and only then looks at the clock. */
async function rowsPerSecond<T>(
  db: Connection,
  prepare: () => T,
  run: (input: T) => Promise<unknown>,
): Promise<number> {
  await db.script('truncate users cascade');
  const input = prepare();
  await db.script('checkpoint');
  const startedAt = performance.now();
  await run(input);
  return (ROWS * 1_000) / (performance.now() - startedAt);
}

interface Person {
  readonly id: string;
  readonly email: string;
}

/** `distinct`: the part of the addresses that is different; the others come twice. */
function makePeople(distinct = 1): Person[] {
  return Array.from({ length: ROWS }, (_, index) => ({
    id: newId(),
    email: `person-${index % Math.round(ROWS * distinct)}@example.com`,
  }));
}

function bulkRow({ id, email }: Person, index: number): BulkRow {
  return { line: index + 1, values: [id, email, null] };
}

function makeAccounts(): ImportedAccount[] {
  return makePeople().map(({ email }, index) => ({
    line: index + 1,
    email,
    displayName: `Person ${index}`,
    passwordHash: HASH,
  }));
}

async function copyFour(peer: Peer, people: readonly Person[], roleId: string): Promise<void> {
  const actor = [null, null];
  const by = ['created_by', 'modified_by'];
  const rows = (values: (person: Person, index: number) => (string | null)[]) =>
    people.map((person, index) => [...values(person, index), ...actor]);
  await peer.client.query('begin');
  await peer.copy(
    'users',
    ['id', 'email', 'email_verified_at', ...by],
    rows(({ id, email }) => [id, email, null]),
  );
  await peer.copy(
    'user_profiles',
    ['user_id', 'display_name', ...by],
    rows(({ id }, n) => [id, `Person ${n}`]),
  );
  await peer.copy(
    'password_credentials',
    ['user_id', 'hash', ...by],
    rows(({ id }) => [id, HASH]),
  );
  await peer.copy(
    'user_roles',
    ['user_id', 'role_id', ...by],
    rows(({ id }) => [id, roleId]),
  );
  await peer.client.query('commit');
}

interface PeerClient {
  query(text: string): Promise<unknown>;
  end(): Promise<void>;
}

interface Peer {
  readonly client: PeerClient;
  copy(table: string, columns: readonly string[], rows: readonly (string | null)[][]): Promise<void>;
}

/** The peer is installed in bench/ alone, so neither its types nor the module are there for everybody. */
async function openPeer(url: string): Promise<Peer> {
  const { openClient, copyRows } = createRequire(import.meta.url)('./peers/copy-rows.js') as {
    readonly openClient: (url: string) => Promise<PeerClient>;
    readonly copyRows: (client: PeerClient, ...rest: Parameters<Peer['copy']>) => Promise<void>;
  };
  const client = await openClient(url);
  return { client, copy: (...rest) => copyRows(client, ...rest) };
}
