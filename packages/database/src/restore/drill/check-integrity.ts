import { errorMessage, isHoldfastError } from '@holdfast/core';
import { type Connection, connect, sql } from '@holdfast/postgres';
import type { BackupProblem } from '../../backup/manifest.ts';
import { checkReferences } from './check-references.ts';
import {
  checkBtree,
  checkHeap,
  findTools,
  listRelations,
  type RelationKind,
  readPages,
  readServerFacts,
  type ServerFacts,
  type StoredRelation,
} from './integrity-queries.ts';

export interface IntegrityOptions {
  /** As superuser, a database of a server that nobody else uses. */
  readonly url: string;
  readonly database: string;
  readonly jobs: number;
  readonly signal: AbortSignal;
}

export interface Integrity {
  readonly problems: readonly BackupProblem[];
  /** What could not be looked at, and why. */
  readonly unchecked: readonly string[];
}

const SCHEMA = 'holdfast_drill';

/**
 * Looks at every page, index and foreign key of one database: amcheck of tables (verify_heapam) and of btree indexes with
 * heapallindexed, which sees rows that an index lacks, page checksums of the other indexes, and an anti-join for each foreign
 * key. What it installs for that is removed again.
 */
export async function checkIntegrity(options: IntegrityOptions): Promise<Integrity> {
  const leader = await open(options.url);
  try {
    const facts = await readServerFacts(leader);
    const { schemas, missing } = await installTools(leader);
    try {
      const problems = [
        ...(await checkRelations(options, leader, facts, schemas)),
        ...(await checkReferences(leader, facts)),
      ].map(problem => ({ ...problem, subject: `${options.database}: ${problem.subject}` }));
      return { problems, unchecked: missing.map(name => `${options.database}: ${name} is not installed`) };
    } finally {
      await removeTools(leader);
    }
  } finally {
    await leader.close();
  }
}

/** Event triggers of the database have no say in what is done here. */
async function open(url: string): Promise<Connection> {
  const connection = await connect({ url, applicationName: 'holdfast drill' });
  await connection.query(sql`select pg_catalog.set_config('session_replication_role', 'replica', false),
    pg_catalog.set_config('search_path', 'pg_catalog', false), pg_catalog.set_config('statement_timeout', '0', false)`);
  return connection;
}

interface Tools {
  /** Where each extension is. */
  readonly schemas: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
}

async function installTools(db: Connection): Promise<Tools> {
  const found = await findTools(db);
  const schemas = new Map<string, string>();
  await db.query(sql`create schema if not exists ${sql.id(SCHEMA)}`);
  for (const { name, schema } of found) {
    if (schema === null) await db.query(sql`create extension ${sql.id(name)} with schema ${sql.id(SCHEMA)}`);
    else await db.query(sql`alter extension ${sql.id(name)} update`);
    schemas.set(name, schema ?? SCHEMA);
  }
  const missing = ['amcheck', 'pg_prewarm'].filter(name => !schemas.has(name));
  return { schemas, missing };
}

async function removeTools(db: Connection): Promise<void> {
  await db.query(sql`drop schema if exists ${sql.id(SCHEMA)} cascade`);
}

interface Work {
  readonly kind: RelationKind;
  readonly relation: StoredRelation;
}

async function checkRelations(
  { url, jobs, signal }: IntegrityOptions,
  leader: Connection,
  facts: ServerFacts,
  schemas: Tools['schemas'],
): Promise<BackupProblem[]> {
  const kinds: RelationKind[] = [
    ...(schemas.has('amcheck') ? (['heap', 'btree'] as const) : []),
    ...(schemas.has('pg_prewarm') && facts.checksums ? (['other'] as const) : []),
  ];
  const work: Work[] = [];
  for (const kind of kinds)
    work.push(...(await listRelations(leader, kind)).map(relation => ({ kind, relation })));
  const problems: BackupProblem[] = [];
  const worker = async (): Promise<void> => {
    const connection = await open(url);
    try {
      for (let next = work.shift(); next !== undefined; next = work.shift()) {
        signal.throwIfAborted();
        problems.push(...(await checkOne(connection, next, facts, schemas)));
      }
    } finally {
      await connection.close();
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return problems;
}

const CODES: Readonly<Record<RelationKind, string>> = {
  heap: 'corrupt_table',
  btree: 'corrupt_index',
  other: 'corrupt_index',
};

async function checkOne(
  db: Connection,
  { kind, relation }: Work,
  facts: ServerFacts,
  schemas: Tools['schemas'],
): Promise<BackupProblem[]> {
  const code = CODES[kind];
  const problem = (message: string): BackupProblem => ({ code, subject: relation.name, message });
  const amcheck = schemas.get('amcheck') ?? SCHEMA;
  try {
    if (kind === 'heap') return (await checkHeap(db, amcheck, relation)).map(problem);
    if (kind === 'btree') await checkBtree(db, amcheck, relation, facts.version);
    else await readPages(db, schemas.get('pg_prewarm') ?? SCHEMA, relation);
    return [];
  } catch (error) {
    if (isHoldfastError(error, 'database_unavailable', 'database_timeout')) throw error;
    return [problem(errorMessage(error))];
  }
}
