import type { Aggregate } from '../aggregate/aggregate.ts';
import { breadthOf } from './breadth.ts';
import { SIGNAL_KINDS, type SignalKind } from './signal.ts';
import { peopleOf, type SignalFacts } from './signal-facts.ts';

/** Signals of one kind that are one thing. */
export interface SignalGroup {
  readonly kind: SignalKind;
  /** The one whose ends and numbers hold for all of them. */
  readonly main: SignalFacts;
  /** Everything that was taken together, the main one among it. */
  readonly parts: readonly SignalFacts[];
  /** Buckets, both included. */
  readonly from: number;
  readonly to: number;
  readonly endpoints: readonly string[];
  readonly isBroad: boolean;
}

/** A root and what followed from it. */
export interface Cascade {
  readonly root: SignalGroup;
  readonly follows: SignalGroup[];
}

const SYSTEM_WIDE: readonly SignalKind[] = [
  'refresh_rate',
  'rate_limited',
  'refresh_failures',
  'login_failures',
];
const FOLLOW_MS = 15 * 60_000;
const TIE_MS = 45_000;

/** Takes the signals of one kind that overlap as one: that of all endpoints when most show it, else those of the routes. */
export function groupSignals(facts: readonly SignalFacts[], aggregate: Aggregate): SignalGroup[] {
  return SIGNAL_KINDS.flatMap(kind => {
    const ofKind = facts.filter(({ signal }) => signal.kind === kind);
    const general = ofKind.filter(({ signal }) => signal.endpoint === undefined);
    const single = ofKind.filter(({ signal }) => signal.endpoint !== undefined);
    const broad = general.map(main => groupOf(main, aggregate)).filter(({ isBroad }) => isBroad);
    const left = single.filter(({ signal }) => !broad.some(group => overlaps(group, signal.episode)));
    const narrow = mergeNeighbours(left.map(main => groupOf(main, aggregate)));
    const known = [...broad, ...narrow];
    // errors of many endpoints that each have too few to stand out
    const scattered = general
      .map(main => groupOf(main, aggregate))
      .filter(group => !known.some(other => overlaps(other, group)));
    return [...known, ...scattered];
  });
}

function groupOf(main: SignalFacts, aggregate: Aggregate): SignalGroup {
  const { kind, endpoint, episode } = main.signal;
  const { from, to } = episode;
  if (endpoint !== undefined) {
    return { kind, main, parts: [main], from, to, endpoints: [endpoint.name], isBroad: false };
  }
  if (kind === 'error_messages')
    return { kind, main, parts: [main], from, to, endpoints: [], isBroad: false };
  if (SYSTEM_WIDE.includes(kind)) {
    const endpoints = main.endpoints.top(5).map(([name]) => name);
    return { kind, main, parts: [main], from, to, endpoints, isBroad: true };
  }
  const { affected, isBroad } = breadthOf(aggregate, kind, from, to);
  return { kind, main, parts: [main], from, to, endpoints: affected.map(({ name }) => name), isBroad };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function overlaps(a: Span, b: Span): boolean {
  return a.from <= b.to + 1 && b.from <= a.to + 1;
}

/** Routes that begin to fail within two buckets fail together. */
function mergeNeighbours(groups: readonly SignalGroup[]): SignalGroup[] {
  const merged: SignalGroup[] = [];
  for (const group of groups.toSorted((a, b) => a.from - b.from || b.main.lines - a.main.lines)) {
    const index = merged.findIndex(other => Math.abs(other.from - group.from) <= 2 && overlaps(other, group));
    const other = merged[index];
    if (other === undefined) merged.push(group);
    else {
      const main = other.main.lines >= group.main.lines ? other.main : group.main;
      const endpoints = [...new Set([...other.endpoints, ...group.endpoints])];
      const span = { from: Math.min(other.from, group.from), to: Math.max(other.to, group.to) };
      merged[index] = { ...other, ...span, main, parts: [...other.parts, ...group.parts], endpoints };
    }
  }
  return merged;
}

/** Finds out which group came first and which ones follow from it. */
export function findCascades(groups: readonly SignalGroup[], bucketMs: number): Cascade[] {
  const cascades: Cascade[] = [];
  const waves = groups.filter(isWave);
  const others = groups.filter(group => !isWave(group));
  for (const group of [...others.toSorted(byOnset), ...waves]) {
    const root = cascades.find(cascade => followsFrom(group, cascade.root, bucketMs));
    if (root !== undefined) root.follows.push(group);
    else if (!isWave(group)) cascades.push({ root: group, follows: [] });
  }
  return cascades;
}

const STORM_EACH = 2.5;

/**
 * Whether everybody refreshes about once: tokens that were issued together expire together. It can follow from something,
 * and is nothing by itself.
 */
function isWave({ kind, main }: SignalGroup): boolean {
  const people = peopleOf(main).counter.size;
  return kind === 'refresh_rate' && people > 0 && main.lines / people < STORM_EACH;
}

/** By the first line; what begins at the same time stands in the order of the kinds, the deeper first. */
function byOnset(a: SignalGroup, b: SignalGroup): number {
  const difference = a.main.first - b.main.first;
  if (Math.abs(difference) > TIE_MS) return difference;
  return SIGNAL_KINDS.indexOf(a.kind) - SIGNAL_KINDS.indexOf(b.kind) || difference;
}

function followsFrom(group: SignalGroup, root: SignalGroup, bucketMs: number): boolean {
  const slack = Math.max(1, Math.round(FOLLOW_MS / bucketMs));
  const sharesEndpoint = group.endpoints.some(name => root.endpoints.includes(name));
  if (!root.isBroad && !group.isBroad && !sharesEndpoint) return false;
  const soon = group.from - root.from <= slack;
  const during = root.isBroad && group.from <= root.to + slack;
  return group.from >= root.from - 2 && (soon || during) && group.from <= root.to + slack;
}
