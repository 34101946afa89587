import type { Diagnosis, RootCause, UndecidedCauses } from '../diagnosis.ts';
import type { Layer } from '../engine/index.ts';

type Reasoned = Omit<Diagnosis, 'headline'>;

const DATABASE_LAYERS: readonly Layer[] = ['database', 'schema', 'data'];

/** What is said about a sound database when the trouble is elsewhere. */
const CLEARING_CHECKS = ['database.login', 'schema.tables', 'data.session_families', 'data.permissions'];

/** The whole diagnosis in one sentence, for somebody who has never seen the project. */
export function headlineOf(diagnosis: Reasoned): string {
  const { status, rootCauses, undecided, unexplained, target } = diagnosis;
  if (status === 'not_examined') {
    const nowhere = target.apiUrl === null && target.databaseUrl === null;
    if (!nowhere)
      return 'Could not examine the system: neither its API nor its database could be looked at in time.';
    return `Could not examine anything: ${target.home} holds no Holdfast, and neither DATABASE_URL nor the address of an API is set.`;
  }
  if (rootCauses.length > 0) {
    const cleared = clearing(diagnosis);
    return cleared === undefined
      ? causesInWords(rootCauses)
      : `${causesInWords(rootCauses).slice(0, -1)}; ${cleared}`;
  }
  const [alternatives] = undecided;
  if (alternatives !== undefined) {
    return `Something is broken, but what can be seen cannot tell ${alternativesInWords(alternatives)}.`;
  }
  if (unexplained.length > 0) {
    const [first] = unexplained;
    const more = unexplained.length === 1 ? '' : ` (and ${unexplained.length - 1} more)`;
    return `Something is broken that the doctor cannot explain: ${first?.detail}${more}.`;
  }
  const good = 'Everything that was examined works';
  return status === 'degraded' ? `${good}, though not everything is at its best.` : `${good}.`;
}

const MAX_SIDES = 3;

function alternativesInWords({ alternatives }: UndecidedCauses): string {
  const sides = alternatives.slice(0, MAX_SIDES).map(side => `"${causesInWords(side)}"`);
  const more = alternatives.length - sides.length;
  return `${sides.join(' from ')}${more === 0 ? '' : `, or from ${more} more`}`;
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
  const suspect = examined.some(({ outcome }) => outcome === 'fail');
  const details = CLEARING_CHECKS.flatMap(id =>
    examined.filter(check => check.id === id && check.outcome === 'pass'),
  );
  if (blamed || suspect || undecided.length + unexplained.length > 0 || details[0]?.id !== 'database.login')
    return undefined;
  return `the database is fine (${details.map(({ detail }) => detail).join(', ')}).`;
}
