import type { ColumnDef, Node } from 'libpg-query';
import { columnsIn } from '../schema/expressions.ts';
import { find, indexesOf, type KnownRelation, type KnownSchema } from '../schema/known-schema.ts';
import { quoted, type TypeShape, typeName, typeShape } from '../schema/names.ts';
import { type Hit, inBatches, lockOn, type Scope, script, sqlName } from '../scope.ts';
import { fragment } from '../source-text.ts';

/**
 * What changing one type into another costs.
 * - `kept`: neither the table nor plain indexes on the column change.
 * - `reindexed`: the table stays, but every index on the column is built anew, for its operators are other ones.
 */
export type TypeChange = 'kept' | 'reindexed' | 'rewritten';

// the casts without a function that PostgreSQL has between types of its own, and citext's
const SAME_BYTES = new Set(['varchar>text', 'text>varchar', 'cidr>inet', 'xml>text', 'xml>varchar']);
const SAME_BYTES_OTHER_ORDER = new Set([
  'text>citext',
  'varchar>citext',
  'citext>text',
  'citext>varchar',
  'oid>int4',
  'int4>oid',
  'bit>varbit',
]);
const UTC = /^(utc|gmt|etc\/utc|z|0)$/i;
const MICROSECONDS = 6;
const WIDENING = new Set(['varchar', 'varbit', 'timestamp', 'timestamptz', 'time', 'timetz']);

/** @see TypeChange. Pure; domains are looked up in the schema. */
export function typeChange(schema: KnownSchema, from: TypeShape, to: TypeShape): TypeChange {
  if (from.array !== to.array) return 'rewritten';
  if (from.name === to.name && from.schema === to.schema) return sameType(from, to);
  if (from.array) return 'rewritten';
  const domain = find(schema, schema.types, { schema: to.schema, name: to.name });
  if (domain?.kind === 'domain') return domain.checked ? 'rewritten' : 'kept';
  if (find(schema, schema.types, { schema: from.schema, name: from.name })?.kind === 'domain') return 'kept';
  const change = `${from.name}>${to.name}`;
  const limited = to.modifiers.length > 0;
  if (SAME_BYTES.has(change) && !limited) return 'kept';
  // local time is the same number only where it is UTC
  if (isStampChange(change) && !limited && UTC.test(schema.timeZone ?? '')) return 'kept';
  return SAME_BYTES_OTHER_ORDER.has(change) && !limited ? 'reindexed' : 'rewritten';
}

function isStampChange(change: string): boolean {
  return change === 'timestamp>timestamptz' || change === 'timestamptz>timestamp';
}

function sameType(from: TypeShape, to: TypeShape): TypeChange {
  const [fromSize, fromScale = 0] = from.modifiers;
  const [toSize, toScale = 0] = to.modifiers;
  if (fromSize === toSize && fromScale === toScale) return 'kept';
  if (from.array) return 'rewritten';
  if (from.name === 'numeric') {
    if (toSize === undefined) return 'kept';
    return fromSize !== undefined && fromScale === toScale && toSize >= fromSize ? 'kept' : 'rewritten';
  }
  if (!WIDENING.has(from.name)) return 'rewritten';
  // times without a precision have this one
  const limit = from.name.startsWith('time') ? (fromSize ?? MICROSECONDS) : fromSize;
  return toSize === undefined || (limit !== undefined && toSize >= limit) ? 'kept' : 'rewritten';
}

/** ALTER COLUMN … TYPE on a table in use. */
export function changeTypeHits(
  scope: Scope,
  table: KnownRelation,
  name: string,
  definition: ColumnDef,
): Hit[] {
  const to = typeShape(definition.typeName);
  const from = table.columns.get(name)?.type;
  if (to === undefined) return [];
  const hit = (message: string, work: Hit['work']): Hit[] => [
    {
      rule: 'change-column-type',
      message,
      safer: newColumn(scope, table, name, definition),
      lock: lockOn(table, 'ACCESS EXCLUSIVE'),
      ...(work === undefined ? {} : { work }),
    },
  ];
  const target = sqlName(table);
  const column = quoted(name);
  if (!isPlainUsing(definition.raw_default, name, to)) {
    return hit(
      `USING computes every value anew, so all of ${target} is written anew under ACCESS EXCLUSIVE: reads and writes wait until that is done.`,
      'rewrite',
    );
  }
  if (from === undefined) {
    return hit(
      `None of these migrations tells the present type of ${column}. Unless the change only widens it, all of ${target} and its indexes are written anew under ACCESS EXCLUSIVE, with reads and writes waiting; the dry run shows which.`,
      'rewrite',
    );
  }
  const change = typeChange(scope.schema, from, to);
  if (change === 'rewritten') {
    return hit(
      `Turning ${column} from ${typeName(from)} into ${typeName(to)} writes all of ${target} and its indexes anew under ACCESS EXCLUSIVE: reads and writes wait until that is done.`,
      'rewrite',
    );
  }
  const same = JSON.stringify([from.name, from.modifiers]) === JSON.stringify([to.name, to.modifiers]);
  return same ? [] : dependents(scope, table, name, change, hit);
}

/** Indexes that are built anew and checks that are read again although the table itself stays. */
function dependents(
  scope: Scope,
  table: KnownRelation,
  name: string,
  change: TypeChange,
  hit: (message: string, work: Hit['work']) => Hit[],
): Hit[] {
  const rebuilt = indexesOf(scope.schema, table).filter(
    ({ columns, plain }) => columns.includes(name) && (change === 'reindexed' || !plain),
  );
  if (rebuilt.length > 0) {
    const names = rebuilt.map(index => quoted(index.name)).join(', ');
    return hit(
      `The table stays, but ${names} ${rebuilt.length === 1 ? 'is' : 'are'} built anew under ACCESS EXCLUSIVE: reads and writes of ${sqlName(table)} wait until that is done.`,
      'index build',
    );
  }
  const keys = [...table.constraints.values()].filter(({ columns }) => columns.includes(name));
  const key = keys.find(({ kind }) => ['unique', 'primary key', 'exclusion'].includes(kind));
  if (change === 'reindexed' && key !== undefined) {
    return hit(
      `The table stays, but the index of ${quoted(key.name)} is built anew under ACCESS EXCLUSIVE: reads and writes of ${sqlName(table)} wait until that is done.`,
      'index build',
    );
  }
  const check = keys.find(({ kind, validated }) => kind === 'check' && validated);
  if (check === undefined) return [];
  return hit(
    `The table stays, but ${quoted(check.name)} is checked again: all of ${sqlName(table)} is read under ACCESS EXCLUSIVE, and reads and writes wait until that is done.`,
    'scan',
  );
}

/** Whether USING, if there is one, is the column itself or its cast to the new type, which is what happens without it. */
function isPlainUsing(using: Node | undefined, name: string, to: TypeShape): boolean {
  if (using === undefined) return true;
  if ('TypeCast' in using) {
    const cast = typeShape(using.TypeCast.typeName);
    const same = cast?.name === to.name && cast.modifiers.join() === to.modifiers.join();
    return same && isPlainUsing(using.TypeCast.arg, name, to);
  }
  return 'ColumnRef' in using && columnsIn([using])[0] === name;
}

function newColumn(scope: Scope, table: KnownRelation, name: string, definition: ColumnDef): string {
  const start = definition.typeName?.location;
  const type = fragment(scope.text, start).replace(/\s+using\s[\s\S]*$/i, '');
  const target = sqlName(table);
  const fresh = quoted(`${name}_new`);
  const using = definition.raw_default === undefined ? `${quoted(name)}::${type}` : usingText(scope, start);
  return script(
    `alter table ${target} add column ${fresh} ${type};`,
    '-- write both columns from here on (application or trigger); then',
    inBatches(target, `${fresh} = ${using}`, `${fresh} is null and ${quoted(name)} is not null`),
    `-- when everything reads ${fresh}: drop ${quoted(name)}`,
  );
}

function usingText(scope: Scope, start: number | undefined): string {
  return `(${fragment(scope.text, start).replace(/^[\s\S]*?\susing\s+/i, '')})`;
}
