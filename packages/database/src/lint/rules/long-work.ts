import type { AlterTableCmd, Node } from 'libpg-query';
import { blockedBy } from '../finding.ts';
import { constantOf } from '../schema/expressions.ts';
import { find, indexesOf, type KnownRelation, relationNamed } from '../schema/known-schema.ts';
import { nameOfRelation, strings } from '../schema/names.ts';
import { type Hit, inUse, lockOn, type Scope, script, sqlName } from '../scope.ts';

/** Work that grows with a table, in a transaction that already keeps readers or writers of a table out. */
export function longWorkHits(scope: Scope, node: Node): Hit[] {
  const lock = scope.held.find(({ mode }) => ['writes', 'reads and writes'].includes(blockedBy(mode)));
  if (lock === undefined || !scope.inTransaction || !isLong(scope, node)) return [];
  const target = sqlName(lock.relation);
  const waiting = blockedBy(lock.mode);
  const message = `Runs while the transaction holds ${lock.mode} on ${target}, taken on line ${lock.line}: ${waiting} of ${target} wait until this is done, too.`;
  const safer = script('-- in a migration of its own:', `${scope.text};`);
  return [
    { rule: 'long-work-under-lock', message, safer, lock: lockOn(lock.relation, lock.mode), work: 'scan' },
  ];
}

function isLong(scope: Scope, node: Node): boolean {
  if ('UpdateStmt' in node) return isLongChange(scope, node.UpdateStmt);
  if ('DeleteStmt' in node) return isLongChange(scope, node.DeleteStmt);
  if ('MergeStmt' in node) return true;
  if ('InsertStmt' in node) return readsTables(node.InsertStmt.selectStmt);
  if ('CreateTableAsStmt' in node) return readsTables(node.CreateTableAsStmt.query);
  if ('IndexStmt' in node) {
    const { relation, concurrent } = node.IndexStmt;
    return concurrent !== true && inUse(scope, relationNamed(scope.schema, nameOfRelation(relation)));
  }
  if ('RefreshMatViewStmt' in node) return true;
  return 'AlterTableCmd' in node && isValidation(node.AlterTableCmd);
}

function isValidation({ subtype }: AlterTableCmd): boolean {
  return subtype === 'AT_ValidateConstraint';
}

function isLongChange(
  scope: Scope,
  { relation, whereClause }: { relation?: Parameters<typeof nameOfRelation>[0]; whereClause?: Node },
): boolean {
  const table = find(scope.schema, scope.schema.relations, nameOfRelation(relation));
  if (table !== undefined && !inUse(scope, table)) return false;
  return whereClause === undefined || !picksOneRow(scope, table, whereClause);
}

/** Whether a condition compares a key with constants. */
function picksOneRow(scope: Scope, table: KnownRelation | undefined, condition: Node): boolean {
  if ('BoolExpr' in condition) {
    const { boolop, args = [] } = condition.BoolExpr;
    return boolop === 'AND_EXPR' && args.some(arg => picksOneRow(scope, table, arg));
  }
  if (!('A_Expr' in condition)) return false;
  const { lexpr, rexpr, kind, name } = condition.A_Expr;
  const column =
    lexpr !== undefined && 'ColumnRef' in lexpr ? strings(lexpr.ColumnRef.fields).at(-1) : undefined;
  const listed = kind === 'AEXPR_IN' && rexpr !== undefined && 'List' in rexpr;
  const compared = kind === 'AEXPR_OP' && strings(name).at(-1) === '=' && constantOf(rexpr) !== undefined;
  return column !== undefined && (listed || compared) && isKey(scope, table, column);
}

function isKey(scope: Scope, table: KnownRelation | undefined, column: string): boolean {
  if (table === undefined) return column === 'id';
  const constraints = [...table.constraints.values()].filter(({ kind }) =>
    ['unique', 'primary key'].includes(kind),
  );
  const indexes = indexesOf(scope.schema, table).filter(({ unique }) => unique);
  const keys = [...constraints, ...indexes].map(({ columns }) => columns);
  return keys.some(([first]) => first === column) || (keys.length === 0 && column === 'id');
}

function readsTables(query: Node | undefined): boolean {
  if (query === undefined || !('SelectStmt' in query)) return false;
  const { fromClause, larg, rarg } = query.SelectStmt;
  return (fromClause ?? []).length > 0 || larg !== undefined || rarg !== undefined;
}
