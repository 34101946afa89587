import { oneLine } from '../process/log-reason.ts';
import type { Part, PartProcess } from './part.ts';

/** How one life of a part ended. */
export interface LifeEnd {
  readonly kind: 'exit' | 'hang' | 'requested';
  readonly reason: string;
}

export interface LifeSignals {
  /** Aborted when the part is to end. */
  readonly asked: AbortSignal;
  /** Aborted when ending must not take any longer. */
  readonly hurry: AbortSignal;
}

/** Waits until a life ends by itself, hangs, or is asked to end. When this resolves, its process is gone. */
export async function lifeEnd(
  part: Part,
  life: PartProcess,
  { asked, hurry }: LifeSignals,
): Promise<LifeEnd> {
  const over = new AbortController();
  const exit = life.exited.then(end => ({ kind: 'exit' as const, end }));
  const request = whenAborted(AbortSignal.any([asked, over.signal])).then(() => ({
    kind: 'requested' as const,
  }));
  try {
    const event = await Promise.race([exit, request, whenHanging(part, life, over.signal)]);
    if (event.kind === 'exit') return { kind: 'exit', reason: oneLine(await part.explain(event.end)) };
    if (event.kind === 'requested') await life.stop(hurry);
    else life.kill();
    await life.exited;
    return event.kind === 'hang' ? event : { kind: 'requested', reason: 'it was asked to end' };
  } finally {
    over.abort();
  }
}

async function whenHanging(
  part: Part,
  life: PartProcess,
  over: AbortSignal,
): Promise<{ readonly kind: 'hang'; readonly reason: string }> {
  const never = new Promise<never>(() => undefined);
  const reason = await (part.hangs?.(life, over) ?? never).catch(() => never);
  return { kind: 'hang', reason };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
