import type { Constraint } from 'libpg-query';
import { columnsOf, constraintName } from '../schema/constraints.ts';
import { find, type KnownRelation } from '../schema/known-schema.ts';
import { nameOfRelation, quoted } from '../schema/names.ts';
import { type Hit, lockOn, type Scope, script, sqlName } from '../scope.ts';
import { fragment } from '../source-text.ts';
import { safeCheck, safeForeignKey, safeUnique } from './safe-constraints.ts';
import { setNotNullHits } from './set-not-null.ts';

/** ALTER TABLE … ADD CONSTRAINT on a table in use. */
export function addConstraintHits(scope: Scope, table: KnownRelation, constraint: Constraint): Hit[] {
  switch (constraint.contype) {
    case 'CONSTR_CHECK':
      return isDeferredToLater(constraint) ? [] : addCheck(scope, table, constraint);
    case 'CONSTR_FOREIGN':
      return isDeferredToLater(constraint) ? [] : addForeignKey(scope, table, constraint);
    case 'CONSTR_NOTNULL':
      return constraint.skip_validation === true
        ? []
        : setNotNullHits(table, columnsOf(scope.schema, constraint), 'The NOT NULL constraint');
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY':
      return addKey(scope, table, constraint);
    case 'CONSTR_EXCLUSION':
      return [addExclusion(scope, table, constraint)];
    default:
      return [];
  }
}

function isDeferredToLater({ skip_validation, is_enforced }: Constraint): boolean {
  return skip_validation === true || is_enforced === false;
}

/** The constraint without its name and without what says when it is validated. */
function body(scope: Scope, { location }: Constraint): string {
  return fragment(scope.text, location).replace(/^constraint\s+("(?:[^"]|"")+"|\S+)\s+/i, '');
}

function addCheck(scope: Scope, table: KnownRelation, constraint: Constraint): Hit[] {
  const name = constraintName(scope.schema, table, constraint);
  const message = `Reads all of ${sqlName(table)} under ACCESS EXCLUSIVE to see that every row satisfies ${quoted(name)}: reads and writes wait until that is done.`;
  const safer = safeCheck(table, name, body(scope, constraint));
  return [{ rule: 'add-check', message, safer, lock: lockOn(table, 'ACCESS EXCLUSIVE'), work: 'scan' }];
}

function addForeignKey(scope: Scope, table: KnownRelation, constraint: Constraint): Hit[] {
  const name = constraintName(scope.schema, table, constraint);
  const parent = find(scope.schema, scope.schema.relations, nameOfRelation(constraint.pktable));
  const other = sqlName(parent ?? { schema: 'public', name: constraint.pktable?.relname ?? '' });
  const message = `Looks every row of ${sqlName(table)} up in ${other} under SHARE ROW EXCLUSIVE on both: writes to both wait until that is done.`;
  const safer = safeForeignKey(table, name, body(scope, constraint));
  return [
    { rule: 'add-foreign-key', message, safer, lock: lockOn(table, 'SHARE ROW EXCLUSIVE'), work: 'scan' },
  ];
}

function addKey(scope: Scope, table: KnownRelation, constraint: Constraint): Hit[] {
  const primary = constraint.contype === 'CONSTR_PRIMARY';
  const columns = columnsOf(scope.schema, constraint);
  if (constraint.indexname !== undefined) {
    return primary ? setNotNullHits(table, columns, 'PRIMARY KEY USING INDEX') : [];
  }
  const name = constraintName(scope.schema, table, constraint);
  const kind = primary ? 'primary key' : 'unique';
  const message = `Builds the index of ${quoted(name)} under ACCESS EXCLUSIVE on ${sqlName(table)}: reads and writes wait until that is done.`;
  const safer = safeUnique(table, name, kind, columns);
  return [
    { rule: 'add-unique', message, safer, lock: lockOn(table, 'ACCESS EXCLUSIVE'), work: 'index build' },
  ];
}

function addExclusion(scope: Scope, table: KnownRelation, constraint: Constraint): Hit {
  const target = sqlName(table);
  const message = `EXCLUDE can be added neither NOT VALID nor USING INDEX: its index is built under ACCESS EXCLUSIVE, and reads and writes of ${target} wait until that is done.`;
  const safer = script(
    '-- a new table that has the constraint from the beginning, filled in batches, then put in the place of the old one:',
    `create table ${target.replace(/"?$/, end => `_new${end}`)} (like ${target} including all, ${fragment(scope.text, constraint.location)});`,
  );
  return {
    rule: 'add-exclusion',
    message,
    safer,
    lock: lockOn(table, 'ACCESS EXCLUSIVE'),
    work: 'index build',
  };
}
