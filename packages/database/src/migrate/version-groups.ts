import type { MigrationFileName } from './file-name.ts';
import { compareVersions } from './migration.ts';

/** The files of each version, in the order of the versions: one, or the two halves of one. */
export function groupByVersion(names: readonly MigrationFileName[]): MigrationFileName[][] {
  const groups = Map.groupBy(names, ({ version }) => BigInt(version));
  return [...groups.values()].sort(([a], [b]) => compareVersions(a?.version ?? '0', b?.version ?? '0'));
}

/** The problem when several migrations share a version; undefined for one file, or one and what undoes it. */
export function duplicatesIn(group: readonly MigrationFileName[]): string | undefined {
  const parts = new Set(group.map(({ part }) => part));
  const pair = group.length === 2 && parts.has('up') && parts.has('down');
  if (group.length === 1 || (pair && group[0]?.name === group[1]?.name)) return undefined;
  const files = group.map(({ file }) => file).join(', ');
  return `The version ${group[0]?.version} is used more than once: ${files}. Renumber one of them.`;
}

/** The problem when a version has a file that undoes it and none that does it. */
export function missingUpIn(group: readonly MigrationFileName[]): string | undefined {
  if (group.some(({ part }) => part !== 'down')) return undefined;
  return `no up file: ${group[0]?.file.replace(/\.down\.sql$/, '.up.sql')} is missing`;
}
