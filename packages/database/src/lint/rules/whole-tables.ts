import type {
  AlterTableMoveAllStmt,
  ClusterStmt,
  LockStmt,
  Node,
  TruncateStmt,
  VacuumStmt,
} from 'libpg-query';
import { LOCK_MODES } from '../finding.ts';
import { relationsIn } from '../locks-taken.ts';
import { isAlwaysTrue, walk } from '../schema/expressions.ts';
import { relationNamed } from '../schema/known-schema.ts';
import { nameOfRelation, quoted, quotedName } from '../schema/names.ts';
import { type Hit, inUse, lockOn, type Scope, script, sqlName } from '../scope.ts';

const SHARE = LOCK_MODES.indexOf('SHARE');

/** VACUUM FULL. */
export function vacuumHits(scope: Scope, { options, rels }: VacuumStmt): Hit[] {
  const full = (options ?? []).some(node => 'DefElem' in node && node.DefElem.defname === 'full');
  if (!full) return [];
  const names = (rels ?? []).flatMap(node =>
    'VacuumRelation' in node ? [nameOfRelation(node.VacuumRelation.relation)] : [],
  );
  const tables = names.map(name => relationNamed(scope.schema, name)).filter(table => inUse(scope, table));
  if (rels !== undefined && tables.length === 0) return [];
  return [rewriteHit(tables.map(sqlName).join(', ') || 'every table', 'VACUUM FULL', tables[0])];
}

/** CLUSTER. */
export function clusterHits(scope: Scope, { relation }: ClusterStmt): Hit[] {
  if (relation === undefined)
    return [rewriteHit('every table that was clustered before', 'CLUSTER', undefined)];
  const table = relationNamed(scope.schema, nameOfRelation(relation));
  return inUse(scope, table) ? [rewriteHit(sqlName(table), 'CLUSTER', table)] : [];
}

/** ALTER TABLE ALL IN TABLESPACE; indexes and materialized views likewise. */
export function moveAllHits(_scope: Scope, { orig_tablespacename = '' }: AlterTableMoveAllStmt): Hit[] {
  const what = `every table of the tablespace ${quoted(orig_tablespacename)} that the role owns`;
  return [rewriteHit(what, 'SET TABLESPACE', undefined)];
}

function rewriteHit(target: string, what: string, table: ReturnType<typeof relationNamed> | undefined): Hit {
  const message = `${what} writes all of ${target} and the indexes anew under ACCESS EXCLUSIVE: reads and writes wait until that is done.`;
  const safer = script(
    '-- plain VACUUM makes the room free for new rows while the table is in use:',
    `vacuum (analyze) ${target};`,
    '-- bloated indexes can be rebuilt beside:',
    `reindex (concurrently) table ${target};`,
    '-- to give the room back to the system: pg_repack',
  );
  const lock = table === undefined ? {} : { lock: lockOn(table, 'ACCESS EXCLUSIVE') };
  return { rule: 'rewrite-table', message, safer, ...lock, work: 'rewrite' };
}

/** LOCK TABLE, in a mode that keeps writers or readers out. */
export function lockHits(scope: Scope, { relations, mode = LOCK_MODES.length }: LockStmt): Hit[] {
  const name = LOCK_MODES[mode - 1] ?? 'ACCESS EXCLUSIVE';
  if (mode - 1 < SHARE) return [];
  const tables = relationsIn(relations)
    .map(relation => relationNamed(scope.schema, relation))
    .filter(table => inUse(scope, table));
  const waiting = name === 'ACCESS EXCLUSIVE' ? 'reads and writes' : 'writes';
  return tables.map(table => ({
    rule: 'lock-table',
    message: `${name} on ${sqlName(table)}: its ${waiting} wait until the transaction ends.`,
    safer: script(
      '-- where two runners must not meet, an advisory lock keeps out nobody else:',
      `select pg_advisory_xact_lock(hashtext('${table.name}'));`,
    ),
    lock: lockOn(table, name),
    work: 'brief',
  }));
}

/** TRUNCATE. */
export function truncateHits(scope: Scope, { relations, behavior }: TruncateStmt): Hit[] {
  const tables = relationsIn(relations)
    .map(name => relationNamed(scope.schema, name))
    .filter(table => inUse(scope, table));
  const cascades = behavior === 'DROP_CASCADE' ? ', and so are all tables with a foreign key to it' : '';
  return tables.map(table => ({
    rule: 'truncate',
    message: `Every row of ${sqlName(table)} is gone${cascades}, for those who began before, too; its reads and writes wait until the transaction ends.`,
    safer: script(
      '-- rows that really are to go, in pieces; in a file marked transaction:false, repeated until it deletes none:',
      `delete from ${sqlName(table)} where ctid = any (array(select ctid from ${sqlName(table)} where … limit 5000));`,
    ),
    lock: lockOn(table, 'ACCESS EXCLUSIVE'),
    work: 'brief',
  }));
}

/** UPDATE and DELETE without a condition, within other statements, too. */
export function changeAllRowsHits(scope: Scope, statement: Node): Hit[] {
  const hits: Hit[] = [];
  walk(statement, (kind, node) => {
    if (kind !== 'UpdateStmt' && kind !== 'DeleteStmt') return;
    const { relation, whereClause } = node as {
      relation?: Parameters<typeof nameOfRelation>[0];
      whereClause?: Node;
    };
    const table = relationNamed(scope.schema, nameOfRelation(relation));
    if (!inUse(scope, table) || !isAlwaysTrue(whereClause)) return;
    hits.push(changeAllRows(scope, kind === 'UpdateStmt', quotedName(nameOfRelation(relation))));
  });
  return hits;
}

function changeAllRows({ text }: Scope, update: boolean, table: string): Hit {
  const kept = update ? ', and every row leaves a dead one behind: the table doubles' : '';
  const message = `Every row of ${table} is ${update ? 'changed' : 'deleted'} in one transaction: whoever wants to change one of them waits until its end${kept}.`;
  const safer = script(
    '-- in pieces, each its own transaction, with a condition that is false for rows already done;',
    '-- in a file marked transaction:false, or from a job; repeated until it changes no row:',
    `${text.replace(/\s+where\s+(true|(\w+|'[^']*')\s*=\s*\2)\s*$/i, '')} where ctid = any (array(select ctid from ${table} where … limit 5000));`,
  );
  return { rule: 'change-all-rows', message, safer, work: 'scan' };
}
