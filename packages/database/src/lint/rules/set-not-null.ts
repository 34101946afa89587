import { provesNotNull } from '../schema/constraints.ts';
import type { KnownRelation } from '../schema/known-schema.ts';
import { quoted } from '../schema/names.ts';
import { type Hit, lockOn, script, sqlName } from '../scope.ts';

/** A column made NOT NULL without a scan under a strong lock. */
export function safeNotNull(table: KnownRelation, column: string): string {
  const name = quoted(`${table.name}_${column}_present`);
  const target = sqlName(table);
  return script(
    `alter table ${target} add constraint ${name} check (${quoted(column)} is not null) not valid;`,
    '-- in a later migration: reads and writes go on while the rows are read',
    `alter table ${target} validate constraint ${name};`,
    '-- in a third one: the check proves it, so nothing is read',
    `alter table ${target} alter column ${quoted(column)} set not null;`,
    `alter table ${target} drop constraint ${name};`,
  );
}

/** ALTER COLUMN … SET NOT NULL, or a constraint that implies it, on a table in use. */
export function setNotNullHits(table: KnownRelation, columns: readonly string[], by: string): Hit[] {
  return columns
    .filter(column => table.columns.get(column)?.notNull !== true && !provesNotNull(table, column))
    .map(column => ({
      rule: 'set-not-null',
      message: `${by} reads all of ${sqlName(table)} under ACCESS EXCLUSIVE to see that ${quoted(column)} has no null: reads and writes wait until that is done. A validated CHECK (${quoted(column)} IS NOT NULL) would spare it.`,
      safer: safeNotNull(table, column),
      lock: lockOn(table, 'ACCESS EXCLUSIVE'),
      work: 'scan',
    }));
}
