import { HoldfastError, suggest } from '@holdfast/core';
import type { DatabaseContent } from '../../backup/manifest.ts';
import { tableText } from './relation.ts';
import type { RelationName } from './relation-queries.ts';

/**
 * The tables of the backup that names mean: `users` (along the search path, else the only one of that name), `app.users`,
 * and patterns with `*`, which leave partitions to their parents and leave out tables without columns. Throws `usage` with every name that means none or several.
 */
export function selectTables(
  names: readonly string[],
  inBackup: readonly RelationName[],
): readonly RelationName[] {
  const problems: string[] = [];
  const found = new Map<string, RelationName>();
  for (const name of names) {
    const matches = name.includes('*') ? matchPattern(name, inBackup) : matchName(name, inBackup);
    if (typeof matches === 'string') problems.push(matches);
    else for (const match of matches) found.set(match.oid, match);
  }
  if (names.length === 0) problems.push('No table is named.');
  if (problems.length > 0) throw new HoldfastError('usage', problems.join('\n'), { details: { problems } });
  return [...found.values()];
}

/** A sentence for each table that patterns leave out because it has no columns. */
export function tablesLeftOut(names: readonly string[], inBackup: readonly RelationName[]): string[] {
  const patterns = names.filter(name => name.includes('*'));
  const without = inBackup.filter(
    relation => !relation.hasColumns && patterns.some(pattern => fits(pattern, relation)),
  );
  return without.map(relation => `${tableText(relation)} is left out: ${NO_COLUMNS}`);
}

const NO_COLUMNS = 'it has no columns, so that its rows hold nothing that could be brought back';

/** A sentence for each name that is nothing at all in a backup, as its manifest tells before it is brought to life. */
export function unknownTables(names: readonly string[], { catalog, tables }: DatabaseContent): string[] {
  const known = new Map(
    [...tables, ...(catalog.tables ?? []), ...(catalog.views ?? [])].map(({ schema, name }) => [
      `${schema}.${name}`,
      { schema, name },
    ]),
  );
  const relations = [...known].map(
    ([oid, relation]): RelationName => ({
      ...relation,
      oid,
      kind: 'table',
      isPartition: false,
      hasColumns: true,
      visible: false,
    }),
  );
  return names
    .filter(name => !name.includes('*'))
    .filter(name => !relations.some(relation => relation.name === name || fullName(relation) === name))
    .map(name => unknownText(name, relations));
}

function unknownText(name: string, relations: readonly RelationName[]): string {
  return `${name} is not in the backup.${nearest(name, relations)}`;
}

function matchPattern(pattern: string, relations: readonly RelationName[]): RelationName[] | string {
  const matches = relations.filter(relation => fits(pattern, relation));
  if (matches.length === 0) return `${pattern} matches no table of the backup.`;
  const whole = matches.filter(({ hasColumns }) => hasColumns);
  return whole.length === 0
    ? `${pattern} matches ${matches.map(tableText).join(', ')} alone and cannot be brought back: ${NO_COLUMNS}.`
    : whole;
}

function fits(pattern: string, relation: RelationName): boolean {
  const expression = new RegExp(`^${pattern.split('*').map(escapeText).join('.*')}$`);
  return (
    isTable(relation) &&
    !relation.isPartition &&
    relation.schema !== 'holdfast_ledger' &&
    expression.test(pattern.includes('.') ? fullName(relation) : relation.name)
  );
}

function matchName(name: string, relations: readonly RelationName[]): RelationName[] | string {
  const full = relations.filter(relation => fullName(relation) === name);
  const bare = relations.filter(relation => relation.name === name);
  const visible = bare.filter(relation => relation.visible);
  const [match, second] = full.length > 0 ? full : visible.length > 0 ? visible : bare;
  if (match === undefined) return unknownText(name, relations);
  if (second !== undefined) {
    const list = bare.map(tableText).join(', ');
    return `${name} is several tables: ${list}. Give the schema.`;
  }
  if (match.kind === 'view' || match.kind === 'foreign') {
    return `${name} is a ${match.kind === 'view' ? 'view' : 'foreign table'}: its rows are elsewhere.`;
  }
  if (match.schema === 'holdfast_ledger') return `${name} is Holdfast's own record and is not brought back.`;
  if (!match.hasColumns) return `${name} cannot be brought back: ${NO_COLUMNS}.`;
  return [match];
}

function nearest(name: string, relations: readonly RelationName[]): string {
  const tables = relations.filter(isTable);
  const plain = name.split('.').at(-1) ?? name;
  const near = suggest(name, tables.map(fullName));
  const meant = tables.find(table => fullName(table) === near);
  const bare = suggest(
    plain,
    tables.map(table => table.name),
  );
  const alike = tables.filter(
    table => table.name === bare || table.name.includes(plain) || plain.includes(table.name),
  );
  const likely = (meant === undefined ? alike.slice(0, 3) : [meant]).map(tableText);
  return likely.length === 0 ? '' : ` Did you mean ${likely.join(' or ')}?`;
}

function fullName({ schema, name }: RelationName): string {
  return `${schema}.${name}`;
}

function isTable({ kind }: RelationName): boolean {
  return kind === 'table' || kind === 'partitioned';
}

function escapeText(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
