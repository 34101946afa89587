import type { KnownRelation } from '../schema/known-schema.ts';
import { quoted } from '../schema/names.ts';
import { script, sqlName } from '../scope.ts';

const LATER = '-- in a later migration: reads and writes go on while the rows are read';

/** A check in two steps: new rows first, the rows there are later. `text` is `check (…)`. */
export function safeCheck(table: KnownRelation, name: string, text: string): string {
  return script(
    `alter table ${sqlName(table)} add constraint ${quoted(name)} ${text} not valid;`,
    LATER,
    `alter table ${sqlName(table)} validate constraint ${quoted(name)};`,
  );
}

/** The same for a foreign key. `text` is `foreign key (…) references …`. */
export function safeForeignKey(table: KnownRelation, name: string, text: string): string {
  return safeCheck(table, name, text);
}

/** An index built while writes go on, then made a constraint. */
export function safeUnique(
  table: KnownRelation,
  name: string,
  kind: 'unique' | 'primary key',
  columns: readonly string[],
): string {
  const list = columns.map(quoted).join(', ');
  return script(
    '-- in a file marked transaction:false',
    `create unique index concurrently ${quoted(name)} on ${sqlName(table)} (${list});`,
    ...(kind === 'primary key'
      ? ['-- each of its columns must be NOT NULL before, or the table is read once more:']
      : []),
    `alter table ${sqlName(table)} add constraint ${quoted(name)} ${kind} using index ${quoted(name)};`,
  );
}
