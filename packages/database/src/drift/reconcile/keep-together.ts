import type { DescribedCatalog } from '../objects/describe-catalog.ts';
import type { Step } from './step.ts';

/** The steps of one object. */
interface ObjectSteps {
  readonly key: string;
  readonly steps: readonly Step[];
}

interface Order {
  /** The drops that come first. */
  readonly drops: readonly Step[];
  /** What is made and changed, in an order in which it can be done. */
  readonly objects: readonly ObjectSteps[];
  /** What is dropped and made again. */
  readonly rebuilt: ReadonlySet<string>;
  /** What is not there before. */
  readonly created: ReadonlySet<string>;
  readonly expected: DescribedCatalog;
}

/**
 * The same steps, with the drop of a view and all else that is made again as it was next to its creation: what refuses a
 * transaction comes before or after them. They are marked `together`, for a script that stopped in between would leave a gap. The
 * order stays as it is where something made again needs what can only be made outside of a transaction.
 */
export function keepTogether(order: Order): Step[] {
  const { drops, objects, rebuilt } = order;
  const unchanged = [...drops, ...objects.flatMap(({ steps }) => steps)];
  const last = objects.findLastIndex(
    ({ key, steps }) => rebuilt.has(key) && steps.length > 0 && !steps.some(isAlone),
  );
  if (last === -1 || !unchanged.some(isAlone)) return unchanged;
  const parted = partObjects(order, objects.slice(0, last + 1));
  if (parted === undefined || !mayGoFirst(drops)) return unchanged;
  const within = [...drops.filter(step => !isAlone(step)), ...parted.within];
  return [
    ...drops.filter(isAlone),
    ...within.map(step => ({ ...step, together: true })),
    ...parted.after,
    ...objects.slice(last + 1).flatMap(({ steps }) => steps),
  ];
}

function isAlone({ alone }: Step): boolean {
  return alone === true;
}

/** An index can go before everything else, unless a foreign key that goes, too, needs it. */
function mayGoFirst(drops: readonly Step[]): boolean {
  const lastAlone = drops.findLastIndex(isAlone);
  return !drops.slice(0, lastAlone).some(({ sql }) => /\bdrop constraint\b/.test(sql));
}

/** What can be done in the transaction, and what has to wait for its end; undefined when something made again would have to wait. */
function partObjects(
  { rebuilt, created, expected }: Order,
  objects: readonly ObjectSteps[],
): { within: Step[]; after: Step[] } | undefined {
  const waiting = new Set<string>();
  const within: Step[] = [];
  const after: Step[] = [];
  for (const { key, steps } of objects) {
    if (steps.length === 0) continue;
    const first = needsAny(key, waiting, expected) ? 0 : steps.findIndex(isAlone);
    if (first === 0 && rebuilt.has(key) && !steps.some(isAlone)) return undefined;
    if (first === 0 && created.has(key)) waiting.add(key);
    within.push(...(first === -1 ? steps : steps.slice(0, first)));
    after.push(...(first === -1 ? [] : steps.slice(first)));
  }
  return { within, after };
}

function needsAny(key: string, wanted: ReadonlySet<string>, { needs }: DescribedCatalog): boolean {
  if (wanted.size === 0) return false;
  const seen = new Set([key]);
  const open = [...needs(key)];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (wanted.has(next)) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...needs(next));
  }
  return false;
}
