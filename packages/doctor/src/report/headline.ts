import type { Diagnosis, RootCause, UndecidedCauses } from '../diagnosis.ts';
import type { Layer } from '../engine/index.ts';
import { unseenInTime } from './out-of-time.ts';

type Reasoned = Omit<Diagnosis, 'headline'>;

const DATABASE_LAYERS: readonly Layer[] = ['database', 'schema', 'data'];

/** What is said about a sound database when the trouble is elsewhere. */
const CLEARING_CHECKS = ['database.login', 'schema.tables', 'data.session_families', 'data.permissions'];

/** The whole diagnosis in one sentence, for somebody who has never seen the project. */
export function headlineOf(diagnosis: Reasoned): string {
  const { status, rootCauses, undecided, unexplained, checks } = diagnosis;
  if (status === 'not_examined') return whyNotExamined(diagnosis);
  if (rootCauses.length > 0) {
    const cleared = clearing(diagnosis);
    return cleared === undefined
      ? causesInWords(rootCauses)
      : `${causesInWords(rootCauses).slice(0, -1)}; ${cleared}`;
  }
  const [alternatives] = undecided;
  if (alternatives !== undefined) {
    const all = alternatives.alternatives;
    return all.length > MOST_SIDES
      ? `Something is broken (${symptomOf(all, checks)}), and what can be seen cannot tell which of ${all.length} causes it has.`
      : `Something is broken, but what can be seen cannot tell ${alternativesInWords(alternatives)}.`;
  }
  if (unexplained.length > 0) {
    const [first] = unexplained;
    const more = unexplained.length === 1 ? '' : ` (and ${unexplained.length - 1} more)`;
    return `Something is broken that the doctor cannot explain: ${first?.detail}${more}.`;
  }
  const late = unseenInTime(diagnosis);
  if (status === 'incomplete' && late !== undefined)
    return `What was examined works, but the time was over before everything was: not made were ${late}.`;
  const good = 'Everything that was examined works';
  return status === 'degraded' ? `${good}, though not everything is at its best.` : `${good}.`;
}

function whyNotExamined({ checks, target }: Reasoned): string {
  const sources = checks.find(({ check, outcome }) => check === 'frontend.base_url' && outcome === 'unknown');
  if (sources !== undefined) return `Could not examine the sources of the frontend: ${sources.detail}.`;
  const closed = checks.find(
    ({ check, outcome }) => check === 'config.variables_set' && outcome === 'unknown',
  );
  if (closed !== undefined) return `Could not examine the system: ${closed.detail}.`;
  const nowhere = target.apiUrl === null && target.databaseUrl === null;
  if (!nowhere)
    return 'Could not examine the system: neither its API nor its database could be looked at in time.';
  return `Could not examine anything: ${target.home} holds no Holdfast, and neither DATABASE_URL nor the address of an API is set.`;
}

const MAX_SIDES = 3;
/** Of more causes than these none is told in the headline. */
const MOST_SIDES = 6;

/** What was seen of a cause that is not known. */
function symptomOf(alternatives: UndecidedCauses['alternatives'], checks: Diagnosis['checks']): string {
  const explained = new Set(alternatives.flat().flatMap(({ explains }) => explains));
  return checks.find(({ id }) => explained.has(id))?.detail ?? 'a check fails';
}

function alternativesInWords({ alternatives }: UndecidedCauses): string {
  const sides = alternatives.slice(0, MAX_SIDES).map(side => `"${causesInWords(side).replace(/\.$/, '')}"`);
  if (alternatives.length === 2) return sides.join(' from ');
  const more = alternatives.length - sides.length;
  const [last = '', ...before] = [...sides, ...(more === 0 ? [] : [`${more} more`])].reverse();
  return `${before.reverse().join(', ')} and ${last} apart`;
}

function causesInWords(causes: readonly RootCause[]): string {
  const byCode = Map.groupBy(causes, ({ code }) => code);
  const sentences = [...byCode.values()].map(group => {
    const summary = group[0]?.summary ?? '';
    return group.length === 1
      ? summary
      : `${summary.replace(/\.$/, '')} (and ${group.length - 1} more like it).`;
  });
  return sentences.join(' Also: ');
}

/** The evidence that clears the database, when it was examined, is sound, and nothing is wrong in it. */
function clearing({ rootCauses, undecided, unexplained, checks }: Reasoned): string | undefined {
  const blamed = rootCauses.some(({ layer }) => DATABASE_LAYERS.includes(layer));
  const examined = checks.filter(({ layer }) => DATABASE_LAYERS.includes(layer));
  const isRepairAlone = rootCauses.every(({ code }) => code === 'repair_cut_off');
  const suspect = examined.some(({ outcome }) => outcome === 'fail');
  const details = CLEARING_CHECKS.flatMap(id =>
    examined.filter(check => check.id === id && check.outcome === 'pass'),
  );
  if (
    blamed ||
    isRepairAlone ||
    suspect ||
    undecided.length + unexplained.length > 0 ||
    details[0]?.id !== 'database.login'
  )
    return undefined;
  return `the database is fine (${details.map(({ detail }) => detail).join(', ')}).`;
}
