import { HoldfastError } from '@holdfast/core';
import type { Migration, MigrationEntry, MigrationStatus } from '@holdfast/database/migrate';

export interface MigrationsToBuild {
  readonly migrations: readonly Migration[];
  /** What is compared with, for the reader. */
  readonly description: string;
  /** What is built, while it is. */
  readonly progress: string;
  readonly notes: readonly string[];
}

const NAMED = 3;

/**
 * The migrations that the database should be like: those that its ledger says are applied, or all where it has no ledger. Of
 * edited ones the files as they are now.
 * @throws `drift_unknown` when an applied one has no file, since nobody can tell then what it built, or when none of them is what
 * was applied
 */
export function migrationsToBuild(
  { ledger, entries }: Pick<MigrationStatus, 'ledger' | 'entries'>,
  files: readonly Migration[],
  dir: string,
): MigrationsToBuild {
  if (!ledger) {
    const progress = `building the ${files.length} migrations in ${dir} in a scratch database`;
    return { migrations: files, description: dir, progress, notes: [] };
  }
  refuseWithoutFile(entries, dir);
  refuseStrangeFiles(entries, dir);
  const standing = new Set(entries.filter(stands).map(({ version }) => version));
  const migrations = files.filter(({ version }) => standing.has(version));
  const notes = entries.flatMap(noteOf);
  const last = migrations.at(-1)?.version;
  if (last === undefined) {
    const description = `an empty database: of the ${files.length} migrations in ${dir} none is applied`;
    return { migrations, description, progress: 'building an empty scratch database', notes };
  }
  const progress = `building the ${migrations.length} applied migrations, up to ${last}, in a scratch database`;
  return { migrations, description: `${dir} up to ${last}`, progress, notes };
}

function stands(entry: MigrationEntry): boolean {
  if (entry.state !== 'tampered') return entry.state === 'applied';
  return !entry.halfDone && (entry.problem === 'edited' || entry.problem === 'chain_broken');
}

/** Edited files are compared all the same, and half-done ones left out: who reads the differences has to know. */
function noteOf(entry: MigrationEntry): string[] {
  if (entry.state === 'tampered') return [entry.explanation];
  if (entry.state !== 'half_done') return [];
  const way = entry.direction === 'up' ? 'being applied' : 'being rolled back';
  return [`${entry.file} was ${way} and is half done. What it did so far shows as a difference.`];
}

function refuseWithoutFile(entries: readonly MigrationEntry[], dir: string): void {
  const lost = entries.filter(({ file }) => file === undefined);
  if (lost.length === 0) return;
  const names = lost
    .slice(0, NAMED)
    .map(({ version, name }) => (name === '' ? version : `${version}_${name}`));
  const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : '';
  const message = `The database has migrations that are not in ${dir}: ${names.join(', ')}${more}. What they built is not known. Give the directory that the database was migrated from with --migrations DIR, or compare with --ledger`;
  throw new HoldfastError('drift_unknown', message, {
    details: { missing: lost.map(({ version }) => version) },
  });
}

/** Files of the same numbers that were all edited are more likely those of another project. */
function refuseStrangeFiles(entries: readonly MigrationEntry[], dir: string): void {
  const standing = entries.filter(stands);
  if (standing.length === 0 || standing.some(({ state }) => state === 'applied')) return;
  const versions = standing.map(({ version }) => version);
  const message = `No file in ${dir} is what the database says was applied as ${versions.slice(0, NAMED).join(', ')}${versions.length > NAMED ? ', …' : ''}. Give the directory that the database was migrated from with --migrations DIR, or compare with --ledger`;
  throw new HoldfastError('drift_unknown', message, { details: { versions } });
}
