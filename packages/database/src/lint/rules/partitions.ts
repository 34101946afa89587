import type { CreateStmt, PartitionBoundSpec, PartitionCmd } from 'libpg-query';
import { provesNotNull } from '../schema/constraints.ts';
import { constantsIn } from '../schema/expressions.ts';
import { type KnownRelation, relationNamed } from '../schema/known-schema.ts';
import { nameOfRelation, quoted } from '../schema/names.ts';
import { type Hit, inUse, lockOn, type Scope, script, sqlName } from '../scope.ts';

/** ALTER TABLE … ATTACH or DETACH PARTITION. */
export function partitionHits(
  scope: Scope,
  parent: KnownRelation,
  subtype: string,
  { name, bound, concurrent }: PartitionCmd,
): Hit[] {
  const partition = relationNamed(scope.schema, nameOfRelation(name));
  if (subtype === 'AT_AttachPartition') {
    return [...attachHits(scope, parent, partition, bound), ...defaultHits(scope, parent, partition, bound)];
  }
  if (subtype !== 'AT_DetachPartition' || concurrent === true || !inUse(scope, parent)) return [];
  const message = `Takes ACCESS EXCLUSIVE on ${sqlName(parent)} and with it on every partition behind: reads and writes of all of it wait, and it waits for the longest query that runs.`;
  const safer = script(
    '-- in a file marked transaction:false; not while there is a default partition',
    `alter table ${sqlName(parent)} detach partition ${sqlName(partition)} concurrently;`,
  );
  return [
    { rule: 'detach-partition', message, safer, lock: lockOn(parent, 'ACCESS EXCLUSIVE'), work: 'brief' },
  ];
}

function attachHits(
  scope: Scope,
  parent: KnownRelation,
  partition: KnownRelation,
  bound: PartitionBoundSpec | undefined,
): Hit[] {
  if (!inUse(scope, partition) || proves(parent, partition, bound)) return [];
  const target = sqlName(partition);
  const name = quoted(`${partition.name}_bounds`);
  const message = `No validated check proves that the rows of ${target} lie within the bounds, so all of it is read under ACCESS EXCLUSIVE: its reads and writes wait until that is done.`;
  const key = parent.partitionKey.map(column => `${quoted(column)} is not null and `).join('');
  const safer = script(
    '-- with the very bounds of the partition in the check:',
    `alter table ${target} add constraint ${name} check (${key}${boundsText(parent, bound)}) not valid;`,
    '-- in a later migration: reads and writes go on while the rows are read',
    `alter table ${target} validate constraint ${name};`,
    '-- in a third one: this statement',
  );
  return [
    { rule: 'attach-partition', message, safer, lock: lockOn(partition, 'ACCESS EXCLUSIVE'), work: 'scan' },
  ];
}

function boundsText({ partitionKey }: KnownRelation, bound: PartitionBoundSpec | undefined): string {
  const [column] = partitionKey;
  const key = column === undefined ? 'KEY' : quoted(column);
  const literal = (text: string): string =>
    /^-?\d+(\.\d+)?$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
  const listed = constantsIn(bound?.listdatums).map(literal);
  if (listed.length > 0) return `${key} in (${listed.join(', ')})`;
  const [low] = constantsIn(bound?.lowerdatums).map(literal);
  const [high] = constantsIn(bound?.upperdatums).map(literal);
  const sides = [low === undefined ? '' : `${key} >= ${low}`, high === undefined ? '' : `${key} < ${high}`];
  return sides.filter(side => side !== '').join(' and ') || `${key} = …`;
}

/** Whether a validated check names every bound, and the key cannot be null where that matters. */
function proves(
  parent: KnownRelation,
  partition: KnownRelation,
  bound: PartitionBoundSpec | undefined,
): boolean {
  if (bound?.is_default === true) return false;
  const present = parent.partitionKey.every(
    column => partition.columns.get(column)?.notNull === true || provesNotNull(partition, column),
  );
  return present && hasCheckOn(partition, parent, bound);
}

/** Whether a validated check is about the key of the parent and names every bound. */
function hasCheckOn(
  table: KnownRelation,
  { partitionKey }: KnownRelation,
  bound: PartitionBoundSpec | undefined,
): boolean {
  const bounds = constantsIn([bound?.listdatums, bound?.lowerdatums, bound?.upperdatums]);
  return [...table.constraints.values()].some(
    ({ kind, validated, constants, columns }) =>
      kind === 'check' &&
      validated &&
      bounds.length > 0 &&
      bounds.every(value => constants.includes(value)) &&
      partitionKey.every(column => columns.includes(column)),
  );
}

/** CREATE TABLE … PARTITION OF. */
export function newPartitionHits(scope: Scope, { inhRelations, partbound }: CreateStmt): Hit[] {
  if (partbound === undefined) return [];
  return (inhRelations ?? []).flatMap(node =>
    'RangeVar' in node
      ? defaultHits(scope, relationNamed(scope.schema, nameOfRelation(node.RangeVar)), undefined, partbound)
      : [],
  );
}

function defaultHits(
  scope: Scope,
  parent: KnownRelation,
  partition: KnownRelation | undefined,
  bound: PartitionBoundSpec | undefined,
): Hit[] {
  const rest = parent.defaultPartition;
  if (rest === undefined || rest === partition || bound?.is_default === true || !inUse(scope, rest))
    return [];
  if (hasCheckOn(rest, parent, bound)) return [];
  const target = sqlName(rest);
  const message = `All of the default partition ${target} is read under ACCESS EXCLUSIVE to see that no row belongs into the new one: its reads and writes wait until that is done.`;
  const safer = script(
    '-- a check that excludes the new bounds spares the reading:',
    `alter table ${target} add constraint ${quoted(`${rest.name}_without`)} check (not (${boundsText(parent, bound)})) not valid;`,
    '-- in a later migration: reads and writes go on while the rows are read',
    `alter table ${target} validate constraint ${quoted(`${rest.name}_without`)};`,
    '-- in a third one: this statement; then drop the check',
  );
  return [
    { rule: 'default-partition', message, safer, lock: lockOn(rest, 'ACCESS EXCLUSIVE'), work: 'scan' },
  ];
}
