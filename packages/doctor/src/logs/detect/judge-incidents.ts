import type { Aggregate, Milestone } from '../aggregate/aggregate.ts';
import { cleanText, redactLine } from '../redact-line.ts';
import { ADVICE } from './advice.ts';
import { type Cascade, findCascades, groupSignals, type SignalGroup } from './group-signals.ts';
import type { Affected, Evidence, Incident, Noise } from './incident.ts';
import { isOver } from './is-over.ts';
import { nameIncident } from './name-incident.ts';
import { eventsNear } from './near-events.ts';
import { noiseOf, scannersOf } from './noise.ts';
import type { EvidenceLine, SignalFacts } from './signal-facts.ts';
import { titleOf, whatFollows } from './title.ts';

export interface Judged {
  readonly incidents: readonly Incident[];
  readonly noise: readonly Noise[];
}

/** What the signals come to: incidents with what followed from them, and noise. Pure; everything in it is redacted. */
export function judgeIncidents(
  aggregate: Aggregate,
  facts: readonly SignalFacts[],
  fileOf: (source: number) => string,
): Judged {
  const evidence = (line: EvidenceLine): Evidence => ({
    at: `${fileOf(line.source)}:${line.line}`,
    text: redactLine(line.text),
  });
  const seen = facts.filter(({ lines }) => lines > 0);
  const groups = groupSignals(seen, aggregate);
  const noise = groups.flatMap(group => noiseOf(group, aggregate, evidence) ?? []);
  const real = groups.filter(group => noiseOf(group, aggregate, evidence) === undefined);
  const requests = real.filter(({ kind }) => kind !== 'error_messages');
  const cascades = findCascades(requests, aggregate.window.bucketMs);
  // messages are an incident where no request tells more of the same time
  const silent = real.filter(
    group => group.kind === 'error_messages' && !requests.some(other => meets(group, other)),
  );
  cascades.push(...silent.map(root => ({ root, follows: [] })));
  return {
    incidents: cascades
      .map(cascade => incidentOf(cascade, aggregate, evidence))
      .sort((a, b) => (a.onset < b.onset ? -1 : 1)),
    noise: [...noise, ...scannersOf(aggregate)],
  };
}

const MEET_BUCKETS = 5;

function meets(a: SignalGroup, b: SignalGroup): boolean {
  return a.from <= b.to + MEET_BUCKETS && b.from <= a.to + MEET_BUCKETS;
}

function incidentOf(
  { root, follows }: Cascade,
  aggregate: Aggregate,
  evidence: (line: EvidenceLine) => Evidence,
): Incident {
  const onset = Math.min(...root.parts.map(({ first }) => first));
  const near = eventsNear(aggregate.milestones, onset);
  const { kind, blamed, mechanism } = nameIncident(root, near);
  // whoever merely refreshes more is not hurt by it
  const affected = affectedBy([root, ...follows.filter(group => group.kind !== 'refresh_rate')]);
  const ends = [root, ...follows.filter(({ kind: other }) => other === root.kind)];
  const end = Math.max(...ends.flatMap(({ parts }) => parts.map(({ last }) => last)));
  const state = [root, ...follows].every(group => isOver(group, aggregate)) ? 'recovered' : 'open';
  return {
    kind,
    title: titleOf(kind, root),
    state,
    onset: iso(onset),
    end: iso(end),
    endpoints: root.endpoints.map(endpoint => cleanText(endpoint)),
    requests: sumOf(root.parts, ({ lines }) => lines),
    affected,
    mechanism,
    cascade: follows.map(group => ({
      onset: iso(group.main.first),
      what: whatFollows(group),
      requests: group.main.lines,
    })),
    events: near.map(event => describeEvent(event, event === blamed)),
    statuses: Object.fromEntries(root.main.statuses.top(5)),
    codes: root.main.codes.top(3).map(([code]) => cleanText(code, 60)),
    evidence: root.main.evidence.map(evidence),
    advice: ADVICE[kind],
  };
}

const iso = (time: number): string => new Date(time).toISOString();

function describeEvent({ time, kind, label }: Milestone, blamed: boolean) {
  return { time: iso(time), what: `${kind.replaceAll('_', ' ')}: ${cleanText(label, 120)}`, blamed };
}

function sumOf<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0);
}

const MOST = 5;

/** The people of the root and of what followed: whoever met any of it was affected. */
function affectedBy(groups: readonly SignalGroup[]): Affected {
  const parts = groups.flatMap(group => group.parts);
  const by = parts.some(({ users }) => users.size > 0) ? ('user' as const) : ('client' as const);
  const counters = parts.map(part => (by === 'user' ? part.users : part.clients));
  const people = new Map<string, number>();
  for (const counter of counters) {
    for (const [name, count] of counter.top(counter.size)) people.set(name, (people.get(name) ?? 0) + count);
  }
  const most = [...people].sort((a, b) => b[1] - a[1]).slice(0, MOST);
  return {
    by,
    count: people.size,
    atLeast: counters.some(({ error }) => error > 0),
    most: most.map(([name]) => cleanText(name, 60)),
  };
}
