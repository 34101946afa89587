import type { Queryable } from '@holdfast/postgres';
import { blockedBy, LOCK_MODES, type LockMode } from '../lint/finding.ts';
import type { PlannedLock, PlannedStatement, PlannedTable } from './plan.ts';
import {
  type HeldRelationLock,
  listOwnLocks,
  listRelations,
  listRelationsAmong,
  measureRelations,
  type RelationState,
} from './plan-queries.ts';

/** What one statement did to relations that were there before the dry run. */
export type Effects = Pick<PlannedStatement, 'locks' | 'rewritten' | 'scanned' | 'built' | 'tables'>;

export const NO_EFFECTS: Effects = { locks: [], rewritten: [], scanned: [], built: [], tables: [] };

/** Tells after each statement what has changed since the one before. */
export interface Observer {
  observe(): Promise<Effects>;
}

interface Memory {
  /** What others can see: what the dry run itself creates keeps nobody waiting. */
  readonly existing: ReadonlyMap<number, RelationState>;
  /** The latest state of each relation, new ones included. */
  readonly latest: Map<number, RelationState>;
  /** The files of all relations so far: an index with one of them was taken over, not built. */
  readonly fileNodes: Set<number>;
  readonly strongest: Map<number, LockMode>;
  readonly sizes: Map<number, number>;
}

/** Begins to observe the transaction that is open on the session. */
export async function createObserver(db: Queryable): Promise<Observer> {
  const relations = await listRelations(db);
  const existing = new Map(relations.map(relation => [relation.oid, relation]));
  const memory: Memory = {
    existing,
    latest: new Map(existing),
    fileNodes: new Set(relations.map(({ fileNode }) => fileNode)),
    strongest: new Map(),
    sizes: new Map(),
  };
  return { observe: () => observe(db, memory) };
}

async function observe(db: Queryable, memory: Memory): Promise<Effects> {
  const held = (await listOwnLocks(db)).filter(({ relation }) => memory.existing.has(relation));
  const oids = [...new Set(held.map(({ relation }) => relation))];
  if (oids.length === 0) return NO_EFFECTS;
  const now = await listRelationsAmong(db, oids);
  const locks = addedLocks(memory, held);
  const isTable = ({ oid, kind }: RelationState): boolean => memory.existing.has(oid) && /[rpmf]/.test(kind);
  const rewritten = now.filter(relation => isTable(relation) && isWrittenAnew(memory, relation));
  const scanned = now.filter(relation => isTable(relation) && wasScanned(memory, relation));
  const built = now.filter(relation => isBuilt(memory, relation));
  const concerned = [
    ...locks.map(({ oid }) => oid),
    ...rewritten.map(({ oid }) => oid),
    ...scanned.map(({ oid }) => oid),
  ];
  const tables = await describeTables(db, memory, new Set(concerned));
  remember(memory, now);
  return {
    locks: locks.map(({ lock }) => lock),
    rewritten: rewritten.map(plainName),
    scanned: scanned.map(plainName),
    built: built.map(index => ({ index: plainName(index), table: nameOf(memory, index.table) })),
    tables,
  };
}

/** The locks on tables that are stronger than before; on an index only when its table shows none. */
function addedLocks(memory: Memory, held: readonly HeldRelationLock[]): { oid: number; lock: PlannedLock }[] {
  const added = new Map<number, LockMode>();
  for (const { relation, mode } of held) {
    const before = added.get(relation) ?? memory.strongest.get(relation);
    if (mode === 'ACCESS SHARE' || !isStronger(mode, before)) continue;
    added.set(relation, mode);
  }
  for (const [oid, mode] of added) memory.strongest.set(oid, mode);
  return [...added].flatMap(([oid, mode]) => {
    const relation = memory.existing.get(oid);
    if (relation === undefined) return [];
    const behindTable = relation.table !== null && memory.strongest.has(relation.table);
    if (behindTable) return [];
    return [{ oid, lock: { relation: plainName(relation), mode, blocks: blockedBy(mode) } }];
  });
}

function isStronger(mode: LockMode, than: LockMode | undefined): boolean {
  return than === undefined || LOCK_MODES.indexOf(mode) > LOCK_MODES.indexOf(than);
}

function isWrittenAnew({ latest }: Memory, { oid, fileNode }: RelationState): boolean {
  const before = latest.get(oid);
  return before !== undefined && before.fileNode !== fileNode;
}

function wasScanned({ latest }: Memory, { oid, scans }: RelationState): boolean {
  return scans > (latest.get(oid)?.scans ?? 0);
}

function isBuilt(memory: Memory, { kind, table, fileNode }: RelationState): boolean {
  return kind === 'i' && table !== null && memory.existing.has(table) && !memory.fileNodes.has(fileNode);
}

async function describeTables(
  db: Queryable,
  memory: Memory,
  oids: ReadonlySet<number>,
): Promise<PlannedTable[]> {
  const unknown = [...oids].filter(oid => !memory.sizes.has(oid));
  for (const { oid, bytes } of await measureRelations(db, unknown)) memory.sizes.set(oid, bytes);
  return [...oids].flatMap(oid => {
    const relation = memory.existing.get(oid);
    if (relation === undefined) return [];
    const bytes = memory.sizes.get(oid) ?? relation.bytes;
    return [{ relation: plainName(relation), rows: relation.rows, bytes }];
  });
}

function remember(memory: Memory, now: readonly RelationState[]): void {
  for (const relation of now) {
    memory.latest.set(relation.oid, relation);
    memory.fileNodes.add(relation.fileNode);
  }
}

function nameOf(memory: Memory, oid: number | null): string {
  const relation = oid === null ? undefined : memory.latest.get(oid);
  return relation === undefined ? '' : plainName(relation);
}

function plainName({ schema, name }: RelationState): string {
  return `${schema}.${name}`;
}
