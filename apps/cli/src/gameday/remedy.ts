import { HoldfastError } from '@holdfast/core';
import type { DamageScene, Remedy } from './damage/damage.ts';
import { failureOf, type RunHoldfast } from './system/holdfast-child.ts';

/** The points that a restore can go back to. */
export interface WaysBack {
  /** Just before the damage, on the database's clock. */
  readonly before: Date;
  readonly backupId: string;
}

/** What was typed, and how long it took. */
export interface RemedyResult {
  readonly command: string | null;
  readonly ms: number;
}

/** Does what docs/recovery.md says for this damage, no questions asked. Throws when that fails. */
export async function applyRemedy(
  remedy: Remedy,
  ways: WaysBack,
  scene: DamageScene,
  run: RunHoldfast,
  signal: AbortSignal,
): Promise<RemedyResult> {
  if (remedy.kind === 'wait') return { command: null, ms: 0 };
  if (remedy.kind === 'statement') {
    const startedAt = performance.now();
    await remedy.mend(scene);
    return { command: remedy.command, ms: Math.round(performance.now() - startedAt) };
  }
  const done = await run(restoreArguments(remedy, ways), signal);
  if (done.code === 0) return { command: done.command, ms: done.ms };
  throw new HoldfastError('restore_failed', `${done.command}: ${failureOf(done)}`);
}

export function restoreArguments(
  remedy: Extract<Remedy, { readonly kind: 'table' | 'point-in-time' | 'latest' | 'backup' }>,
  { before, backupId }: WaysBack,
): readonly string[] {
  const time = ['--to-time', before.toISOString()];
  switch (remedy.kind) {
    case 'table':
      return ['restore', '--table', remedy.table, ...time, '--yes'];
    case 'point-in-time':
      return ['restore', ...time, '--yes'];
    case 'latest':
      return ['restore', '--to-time', 'latest', '--yes'];
    case 'backup':
      return ['restore', backupId, '--yes'];
  }
}
