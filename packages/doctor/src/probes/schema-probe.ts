import { migrationsDirectory } from '@holdfast/database';
import { findLedgerSnapshot } from '@holdfast/database/drift';
import { type MigrationEntry, migrationStatus, readMigrations } from '@holdfast/database/migrate';
import { type Queryable, readCatalog } from '@holdfast/postgres';
import type { Sightings } from '../sightings.ts';
import type { Target } from '../target.ts';
import { compareCatalogs } from './compare-catalogs.ts';
import { couldNotLook, type Look, type Looks } from './probe.ts';

/** The migration ledger against the files of this version, and the live catalog against the stored snapshot. */
export async function lookAtSchema(
  db: Queryable,
  { migrations }: Pick<Target, 'migrations'>,
): Promise<Looks> {
  const status = await migrationStatus(db, await readMigrations(migrations ?? migrationsDirectory()));
  const named = (wanted: (entry: MigrationEntry) => boolean) => status.entries.filter(wanted).map(label);
  const ledger: Sightings['schema.ledger'] = {
    applied: status.counts.applied,
    version: status.entries.findLast(({ state }) => state === 'applied')?.version ?? '0',
    running: status.running,
    pending: named(({ state }) => state === 'pending' || state === 'failed'),
    unknown: named(entry => entry.state === 'tampered' && entry.problem === 'unknown'),
    halfDone: named(({ state }) => state === 'half_done'),
    contradictions: status.entries.flatMap(entry =>
      entry.state === 'tampered' && entry.problem !== 'unknown' ? [entry.explanation] : [],
    ),
  };
  const catalog = status.ledger
    ? await lookAtCatalog(db)
    : couldNotLook(
        'the database has no migration ledger, so what it should hold is not known',
        'schema.ledger',
      );
  return { 'schema.ledger': { saw: ledger }, 'schema.catalog': catalog };
}

function label({ version, name }: MigrationEntry): string {
  return name === '' ? version : `${version}_${name}`;
}

async function lookAtCatalog(db: Queryable): Promise<Look<'schema.catalog'>> {
  try {
    const snapshot = await findLedgerSnapshot(db);
    if (snapshot === undefined) return couldNotLook('no snapshot of the schema is stored');
    return { saw: compareCatalogs(snapshot.catalog, await readCatalog(db, { schemas: snapshot.schemas })) };
  } catch (error) {
    return couldNotLook(error);
  }
}
