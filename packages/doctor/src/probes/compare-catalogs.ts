import {
  type Difference,
  diffCatalogs,
  displayName,
  type MissingObject,
  missingObjects,
} from '@holdfast/database/drift';
import type { Catalog } from '@holdfast/postgres';
import type { Sightings } from '../sightings.ts';
import { changedColumns } from './compare-columns.ts';
import { changedRowSecurity } from './compare-row-guards.ts';
import { changedTriggerFunctions, interferingTriggers } from './compare-triggers.ts';

type CatalogSighting = Sightings['schema.catalog'];

/** What the live catalog lacks of the expected one. What only is there in addition is no trouble, unless it keeps rows away. */
export function compareCatalogs(expected: Catalog, live: Catalog): CatalogSighting {
  const missing = missingObjects({ expected, live });
  const named = (type: MissingObject['type']): string[] =>
    missing.filter(object => object.type === type).map(({ path }) => nameOf(path));
  const { differences } = diffCatalogs({ expected, live });
  return {
    tables: expected.tables.length,
    indexes: expected.indexes.length,
    missingTables: named('table'),
    missingColumns: named('column'),
    changedColumns: changedColumns({ expected, live }, differences, named('column')),
    missingIndexes: named('index'),
    invalidIndexes: live.indexes
      .filter(({ valid, ready }) => !valid || !ready)
      .map(({ schema, name }) => nameOf([schema, name])),
    missingConstraints: named('constraint'),
    missingCode: differences.filter(isMissingCode).map(({ type, name }) => `${type}:${shorten(name)}`),
    disabledTriggers: differences.filter(isSwitchedOff).map(({ type, name }) => `${type}:${shorten(name)}`),
    missingExtensions: differences
      .filter(({ kind, type }) => kind === 'missing' && type === 'extension')
      .map(({ name }) => name),
    lostRights: differences.flatMap(lostRightsOf),
    changedRowSecurity: changedRowSecurity({ expected, live }, differences),
    interferingTriggers: interferingTriggers({ expected, live }, differences),
    changedTriggerFunctions: changedTriggerFunctions({ expected, live }, differences),
  };
}

const CODE: readonly string[] = ['function', 'view', 'materialized view', 'trigger', 'rule', 'event trigger'];

/** Gone, or called otherwise. Another definition may be a mended one. */
function isMissingCode({ kind, type, property }: Difference): boolean {
  return CODE.includes(type) && (kind === 'missing' || (kind === 'changed' && property === 'name'));
}

/** A trigger of its own, or those that enforce a foreign key. */
function isSwitchedOff({ kind, type, property, live }: Difference): boolean {
  if (kind !== 'changed') return false;
  if (type === 'constraint') return property === 'triggers' && live !== 'origin';
  return type === 'trigger' && property === 'enabled' && live !== 'always';
}

/** What roles may no longer do with one object. What they may do in addition is a matter of safety, not of function. */
function lostRightsOf({
  kind,
  type,
  name,
  property,
  expected,
  live,
}: Difference): CatalogSighting['lostRights'] {
  if (kind !== 'changed' || property !== 'privileges') return [];
  const [wanted, held] = [privilegesOf(expected), privilegesOf(live)];
  return Object.entries(wanted).flatMap(([role, privileges]) => {
    const kept = new Set(listOf(held[role]));
    const lost = listOf(privileges).filter(privilege => !kept.has(privilege));
    return lost.length === 0 ? [] : [{ object: `${type}:${shorten(name)}`, role, privileges: lost }];
  });
}

function privilegesOf(value: Difference['expected']): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** Without the stars of those that may be handed on. */
function listOf(privileges: unknown): string[] {
  return typeof privileges === 'string' ? privileges.split(', ').map(name => name.replace(/\*$/, '')) : [];
}

/** Names in the schema everybody uses are shown without it. */
function nameOf(path: readonly string[]): string {
  const [schema, ...names] = path;
  return displayName(schema === 'public' ? names : path);
}

function shorten(name: string): string {
  return name.replace(/^public\./, '');
}
