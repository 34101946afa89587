import { CATALOGUE, type EntryReport, runHealth, type ThresholdOverrides } from '@holdfast/database/health';
import { EXAMINED_ENTRIES, type ExaminedEntry, type SightingId } from '../sightings.ts';
import type { Target } from '../target.ts';
import { OutOfTime } from './out-of-time.ts';
import { allBlind, couldNotLook, type Looks, type RunProbe, sawIn } from './probe.ts';

const HEALTH_MS = 3_000;
const BUDGET_MS = 1_500;
const CONNECT_MS = 1_000;

/** Whoever asks the doctor has trouble now: who waits for a lock this long is part of it, and so is a small table that was emptied. */
const THRESHOLDS: ThresholdOverrides = {
  'blocked-sessions': { warnSeconds: 2, criticalSeconds: 3 },
  'lost-rows': { minimumRows: 25, nearlyAllRows: 10 },
};

/** Skipped where there is nothing to look at: no backup, no amcheck, no collation with a version, no right to see other sessions. */
const WITHOUT_SOURCE: readonly string[] = ['lost-rows', 'index-check', 'collations', 'idle-in-transaction'];

/** What needs no table of anybody, and explains why others take so long. */
const OF_SESSIONS = ['blocked-sessions', 'idle-in-transaction', 'prepared-transactions'] as const;
const OF_ROWS = EXAMINED_ENTRIES.filter(id => !(OF_SESSIONS as readonly string[]).includes(id));
export const HEALTH_IDS: readonly SightingId[] = EXAMINED_ENTRIES.map(id => `health.${id}` as const);

/** Of a target, what is needed to look into its rows. */
export interface HealthTarget {
  readonly database: Pick<Target['database'], 'appUrl' | 'ownerUrl'> & {
    readonly schemas?: readonly string[] | undefined;
  };
  readonly backups: Target['backups'];
}

/**
 * What the health catalogue knows about rows, locks and storage. The locks come first, in a time of their own. Opens a session of
 * its own, and needs no other one.
 */
export async function lookAtHealth(target: HealthTarget, looks: Looks, run: RunProbe): Promise<Looks> {
  const url = urlOf(target, looks);
  if (url === undefined) return allBlind(HEALTH_IDS, 'there is no session in the database', 'database.app');
  const sessions = await lookAtEntries('sessions', OF_SESSIONS, { target, url, run });
  return { ...sessions, ...(await lookAtEntries('health', OF_ROWS, { target, url, run })) };
}

function lookAtEntries(
  name: string,
  ids: readonly ExaminedEntry[],
  { target, url, run }: { readonly target: HealthTarget; readonly url: string; readonly run: RunProbe },
): Promise<Looks> {
  const entries = CATALOGUE.filter(({ id }) => (ids as readonly string[]).includes(id));
  const sightings = ids.map(id => `health.${id}` as const);
  return run(name, sightings, HEALTH_MS, async ({ clock, signal, patience }) => {
    const backups = ids.includes('lost-rows') ? await target.backups?.().catch(() => undefined) : undefined;
    const report = await runHealth({
      ...{ url, clock, signal, entries, thresholds: THRESHOLDS },
      connectTimeoutMs: CONNECT_MS * patience,
      budgetMs: BUDGET_MS * patience,
      ...(target.database.schemas === undefined ? {} : { schemas: target.database.schemas }),
      sources: backups === undefined ? {} : { backups },
    });
    const looked = report.entries.filter(
      ({ id, level }) => level !== 'skipped' || !WITHOUT_SOURCE.includes(id),
    );
    return Object.fromEntries(looked.map(entry => [`health.${entry.id as ExaminedEntry}`, lookOf(entry)]));
  });
}

/** The role that sees more, when it gets in. */
function urlOf({ database: { appUrl, ownerUrl } }: HealthTarget, looks: Looks): string | undefined {
  if (sawIn(looks, 'database.owner')?.result === 'connected') return ownerUrl;
  return sawIn(looks, 'database.app')?.result === 'connected' ? appUrl : undefined;
}

function lookOf(entry: EntryReport): NonNullable<Looks['health.orphans']> {
  const { level, summary, evidence, remedy, outOfTime = false } = entry;
  if (level !== 'skipped') return { saw: { level, summary, evidence, remedy } };
  // what it says further is how to give the health catalogue more time
  return couldNotLook(outOfTime ? new OutOfTime(summary.replace(/;.*/s, '')) : summary);
}
