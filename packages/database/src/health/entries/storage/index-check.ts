import { defineEntry, type HealthContext, type HealthReading } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { attempt } from '../attempt.ts';
import { metricHistory } from '../sampled-metric.ts';
import {
  type CheckableIndex,
  checkIndex,
  listCheckableIndexes,
  mayCheckIndexes,
} from './index-check-queries.ts';

/** A guess to begin with; corrected by what the checks take. */
const FIRST_PAGES_PER_MS = 15;
const CHECK_MS = 1;
/** Of the budget; the rest is for a guess that was too bold. */
const CHECKING_SHARE = 0.8;
const HOUR_MS = 3_600_000;
const DAMAGE = new Set(['XX001', 'XX002']);

interface Damage {
  readonly index: CheckableIndex;
  readonly problem: string;
}

interface Round {
  readonly checked: CheckableIndex[];
  readonly damaged: Damage[];
  /** Could not be checked, or are too large for the budget. */
  readonly left: { index: CheckableIndex; why: string }[];
  /** Where the next round begins. */
  next: number;
}

export const indexCheck = defineEntry({
  number: 60,
  id: 'index-check',
  area: 'storage',
  title: 'Index structure and completeness (amcheck)',
  meaning:
    'An index is damaged or does not know all rows of its table: lookups miss rows that are there, and unique indexes let duplicates in.',
  quick: false,
  elastic: true,
  thresholds: { criticalIndexes: 1 },
  check: async (context, { criticalIndexes }) => {
    const { db, server } = context;
    const startedAt = context.clock.monotonic();
    const schema = server.extensions.get('amcheck');
    if (schema === undefined) {
      return { level: 'skipped', why: 'the extension amcheck is not there: create extension amcheck;' };
    }
    if (!(await mayCheckIndexes(db, schema))) {
      const why = `${server.user} may not run it: grant execute on all functions in schema ${schema} to ${server.user};`;
      return { level: 'skipped', why };
    }
    const indexes = await listCheckableIndexes(db, server.schemas);
    const round = await checkInRotation(context, schema, indexes, startedAt);
    return report(round, indexes.length, criticalIndexes);
  },
});

/** Goes on where the last round stopped, as the stored metrics know it; without any, another hour begins elsewhere. */
async function checkInRotation(
  context: HealthContext,
  schema: string,
  indexes: readonly CheckableIndex[],
  startedAt: number,
): Promise<Round> {
  const { clock, budgetMs } = context;
  const stored = metricHistory(context.samples, 'index-check', 'next_position').at(-1)?.value;
  const begin = (stored ?? Math.floor(clock.now() / HOUR_MS)) % Math.max(1, indexes.length);
  const round: Round = { checked: [], damaged: [], left: [], next: begin };
  const turn = [...indexes.slice(begin), ...indexes.slice(0, begin)];
  let pagesPerMs = FIRST_PAGES_PER_MS;
  for (const [offset, index] of turn.entries()) {
    const remaining = startedAt + budgetMs * CHECKING_SHARE - clock.monotonic();
    if (remaining <= CHECK_MS) break;
    round.next = (begin + offset + 1) % indexes.length;
    const pages = Number(index.pages);
    if (CHECK_MS + pages / pagesPerMs > remaining) {
      round.left.push({ index, why: 'too large for the time' });
      continue;
    }
    const checkedAt = clock.monotonic();
    await checkOne(context, schema, index, round);
    const elapsed = clock.monotonic() - checkedAt - CHECK_MS;
    if (pages > 1_000 && elapsed > 1) pagesPerMs = pages / elapsed;
  }
  return round;
}

async function checkOne(
  { db }: HealthContext,
  schema: string,
  index: CheckableIndex,
  round: Round,
): Promise<void> {
  const outcome = await attempt(db, checkIndex(schema, index));
  if (outcome.ok) round.checked.push(index);
  else if (DAMAGE.has(outcome.sqlState ?? '')) round.damaged.push({ index, problem: outcome.why });
  else round.left.push({ index, why: outcome.why });
}

function report(
  { checked, damaged, left, next }: Round,
  total: number,
  criticalIndexes: number,
): HealthReading {
  const done = checked.length + damaged.length;
  const metrics = {
    checked_indexes: done,
    unchecked_indexes: total - done,
    damaged_indexes: damaged.length,
    next_position: next,
  };
  const large = left[0] === undefined ? '' : ` (${left[0].index.name}: ${left[0].why})`;
  const rest =
    done < total
      ? `; ${total - done} not this time${large}: their turn comes, or holdfast detailed-health --full`
      : '';
  if (damaged.length === 0) {
    return {
      level: 'ok',
      summary: `${countText(done, 'index', 'indexes')} checked and sound${rest}`,
      metrics,
    };
  }
  return {
    level: damaged.length >= criticalIndexes ? 'critical' : 'warn',
    summary: `${damaged.length} of ${countText(done, 'checked index', 'checked indexes')} damaged${rest}`,
    ...shownEvidence(
      damaged.map(({ index, problem }) => ({ index: index.name, table: index.table, problem })),
    ),
    remedy: [
      '-- why first: a changed collation (collations) and a failing disk (checksums) damage the next index, too',
      remedyFor(damaged, ({ index }) => `reindex index concurrently ${index.name};`, 20),
    ].join('\n'),
    metrics,
  };
}
