import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/core';
import type { Damage, Remedy } from './damage/damage.ts';
import { diagnose } from './diagnose.ts';
import { proveRound } from './prove-round.ts';
import { applyRemedy, type WaysBack } from './remedy.ts';
import { seconds } from './report/seconds.ts';
import { type RestorePoint, type RoundResult, readPoint, type Stage, type TimelineEntry } from './stage.ts';
import { failureOf } from './system/holdfast-child.ts';

const READY_MS = 120_000;

/** Plays one damage through, from users at work to the proof that nothing and nobody was lost. */
export async function playRound(stage: Stage, damage: Damage): Promise<RoundResult> {
  const { crowd, world, now } = stage;
  const timeline: TimelineEntry[] = [];
  const note = (what: string): number => {
    const at = now();
    timeline.push({ at, what });
    stage.progress(what);
    return at;
  };
  const begun = world.log.length;
  note(`${crowd.users().length} users at work`);
  await crowd.become('work');
  await delay(stage.workMs, undefined, { signal: stage.signal });
  const { backup, point: atBackup } = await makeBackup(stage, note);
  await crowd.become('work');
  await delay(Math.max(stage.workMs, stage.backupAgeMs), undefined, { signal: stage.signal });
  await crowd.become('still');
  const point = atBackup ?? (await readPoint(stage));
  const damagedAt = note(`damage: ${damage.what}`);
  await damage.inflict(stage);
  crowd.welcome(stage.newcomers);
  await crowd.become('work');
  await delay(stage.workMs, undefined, { signal: stage.signal });
  const diagnosis = await diagnose(damage.signal, stage.run, damagedAt, stage.signal);
  note(`${diagnosis.command}: ${diagnosis.named.join(', ') || diagnosis.headline}`);
  await crowd.become('read');
  const remedied = await restoreService(stage, damage, { before: point.moment, backupId: backup.id }, note);
  await crowd.become('still');
  const ending = { begun, point, remedy: remedied.remedy, diagnosis, damagedAt, ...remedied.times };
  const proven = await proveRound(stage, ending);
  note(proven.proof.every(({ ok }) => ok) ? 'all proven' : 'NOT all proven');
  return {
    damage: damage.name,
    what: damage.what,
    timeline,
    backup,
    diagnosis,
    remedy: remedied.result,
    restoreToServiceMs: remedied.times.servedAt - remedied.times.typedAt,
    ...proven,
    ok: proven.proof.every(({ ok }) => ok),
  };
}

type Note = (what: string) => number;

async function makeBackup(
  stage: Stage,
  note: Note,
): Promise<{ readonly backup: RoundResult['backup']; readonly point: RestorePoint | undefined }> {
  if (stage.backupOnly) await stage.crowd.become('still');
  const done = await stage.run(['backup'], stage.signal);
  const { backups } = done.result as {
    readonly backups?: readonly { readonly backup: { readonly id: string } | null }[];
  };
  const id = backups?.[0]?.backup?.id;
  if (done.code !== 0 || id === undefined)
    throw new HoldfastError('backup_failed', `${done.command}: ${failureOf(done)}`);
  note(`backup ${id} in ${seconds(done.ms)}`);
  const point = stage.backupOnly ? await readPoint(stage) : undefined;
  return { backup: { id, ms: done.ms }, point };
}

async function restoreService(stage: Stage, damage: Damage, ways: WaysBack, note: Note) {
  const remedy: Remedy = stage.backupOnly ? { kind: 'backup' } : damage.remedy;
  const typedAt = stage.now();
  const result = await applyRemedy(remedy, ways, stage, stage.run, stage.signal);
  if (!(await stage.system.ready(READY_MS)))
    throw new HoldfastError(
      'restore_failed',
      `The API is not ready ${READY_MS / 1_000} s after ${damage.name}`,
    );
  const servedAt = note(
    result.command === null ? 'the keeper has mended it' : `${result.command}: in service`,
  );
  return { remedy, result, times: { typedAt, servedAt } };
}
