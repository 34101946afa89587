import type { MigrationEntry } from '../../../migrate/compare-ledger.ts';
import type { Migration } from '../../../migrate/migration.ts';
import { type MigrationStatus, migrationStatus } from '../../../migrate/migration-status.ts';
import { readMigrations } from '../../../migrate/read-migrations.ts';
import { defineEntry, type HealthContext, type HealthReading } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { wasMadeBy } from './was-made-by.ts';

/** What weighs: contradictions and half-done work first, what was merely not applied last. */
const ORDER = ['tampered', 'half_done', 'failed', 'pending', 'applied'] as const;

export const ledgerDrift = defineEntry({
  number: 52,
  id: 'ledger-drift',
  area: 'drift',
  title: 'Migrations: ledger and files',
  meaning:
    'The database was not made by these files: some are not applied, one stopped half-way, or what was applied is no longer what stands in the file.',
  quick: true,
  thresholds: { warnPending: 1, criticalContradictions: 1 },
  check: async (context, thresholds) => {
    const { db } = context;
    const migrations = await findMigrations(context);
    if (migrations === undefined) {
      return {
        level: 'skipped',
        why: "the database was not made by Holdfast's own migrations, and no others were named (--migrations)",
      };
    }
    const status = await migrationStatus(db, migrations);
    if (status.running) {
      return { level: 'skipped', why: 'a migration is running at this moment' };
    }
    return judge(status, thresholds);
  },
});

async function findMigrations({
  db,
  migrationsDirectory: given,
  ownMigrationsDirectory: own,
}: HealthContext): Promise<readonly Migration[] | undefined> {
  if (given !== undefined) return readMigrations(given);
  if (own === undefined) return undefined;
  const migrations = await readMigrations(own);
  return (await wasMadeBy(db, migrations)) ? migrations : undefined;
}

function judge(
  { counts, entries, version }: MigrationStatus,
  limits: { readonly warnPending: number; readonly criticalContradictions: number },
): HealthReading {
  const contradictions = counts.tampered + counts.half_done + counts.failed;
  const metrics = {
    applied_migrations: counts.applied,
    pending_migrations: counts.pending,
    contradicting_migrations: contradictions,
  };
  if (contradictions < limits.criticalContradictions && counts.pending < limits.warnPending) {
    const summary = `${countText(counts.applied, 'migration')} applied, up to ${version ?? 'none'}`;
    return { level: 'ok', summary, metrics };
  }
  const open = entries
    .filter(({ state }) => state !== 'applied')
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  return {
    level: contradictions >= limits.criticalContradictions ? 'critical' : 'warn',
    summary: `${counts.pending} pending, ${counts.half_done} half done, ${counts.failed} failed, ${counts.tampered} in contradiction to their files`,
    ...shownEvidence(
      open.map(entry => ({
        version: entry.version,
        name: entry.name,
        state: entry.state,
        detail: detailOf(entry),
      })),
    ),
    remedy: remedyFor([...new Set(open.map(entry => remedyOf(entry)))], text => text, 10),
    metrics,
  };
}

function detailOf(entry: MigrationEntry): string | null {
  switch (entry.state) {
    case 'tampered':
      return entry.explanation;
    case 'half_done':
      return `statement ${entry.nextStatement} of ${entry.statementCount} comes next${entry.inDoubt ? ', and may have taken effect' : ''}`;
    case 'failed':
      return entry.failure === null
        ? null
        : `SQLSTATE ${entry.failure.sqlState ?? 'unknown'} in line ${entry.failure.line ?? 'unknown'}`;
    default:
      return null;
  }
}

function remedyOf(entry: MigrationEntry): string {
  if (entry.state === 'tampered') return `-- ${entry.explanation}`;
  return 'holdfast migrate';
}
