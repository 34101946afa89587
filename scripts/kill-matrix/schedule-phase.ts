import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@holdfast/testing';
import { examineBackups, type KnownBackups } from './examine-backups.ts';
import { strayFiles, strayInServer, strayProcesses } from './leftovers.ts';
import { knownPids, type MatrixStage, recoverAll, repositoryOf } from './stage.ts';
import { fullDisk, killing, type Victim } from './victims.ts';

/** The keeper looks twice a minute whether the backup of the minute is due. */
const OFTEN = { HOLDFAST_BACKUP_INTERVAL: '1m' };
/** About as long as one of them takes. */
const LONGEST_MS = 7_000;
const BEGUN = { timeoutMs: 240_000, pollMs: 25 };
const ENDED = { timeoutMs: 120_000, pollMs: 25 };
const KILLED = { code: null, result: {}, stderr: '' };

/**
 * Interrupts the backups that the keeper makes by itself: after each moment every listed one can be read as a restore would; the
 * schedule goes on, and what was left is gone after its next backup.
 */
export async function killScheduled(stage: MatrixStage, moments: number): Promise<void> {
  const { system, random, tally, isOver, backups } = stage;
  const repository = await repositoryOf(system.home, backups);
  const ids = (await repository.list()).backups.map(({ manifest }) => manifest.id);
  const met: KnownBackups = { name: 'scheduled backup', repository, known: new Set(ids), rests: new Set() };
  await system.configure(OFTEN);
  try {
    for (let moment = 0; moment < moments && !isOver(); moment += 1) {
      const [victim, waitMs] = [random.pick(victims(stage)), random.between(0, LONGEST_MS)];
      await untilBegun(met);
      await delay(waitMs);
      await victim.strike(undefined);
      await untilEnded(met);
      await victim.relieve();
      await recoverAll(stage);
      const outcome = await examineBackups(stage, met, { end: KILLED, tooLate: false });
      tally.add({ phase: met.name, victim: victim.name, when: `after ${Math.round(waitMs)} ms`, outcome });
    }
    await watchOne(stage, met);
    await lookForRests(stage, met);
  } finally {
    await system.configure({});
  }
}

function victims({ system, homeDisk, backupDisk, random }: MatrixStage): [Victim, ...Victim[]] {
  return [
    killing('keeper killed', system.killKeeper),
    killing('PostgreSQL killed', system.killPostgres),
    killing('all killed', system.killKeeper, system.killPostgres),
    fullDisk('disk of backups full', backupDisk, random),
    fullDisk('disk of the database full', homeDisk, random),
  ];
}

/** Waits for one that nobody disturbs. */
async function watchOne(stage: MatrixStage, met: KnownBackups): Promise<void> {
  await untilBegun(met);
  const begun = performance.now();
  await untilEnded(met);
  stage.progress(`a whole ${met.name} takes ${Math.round(performance.now() - begun)} ms`);
  const before = met.known.size;
  await examineBackups(stage, met, { end: KILLED, tooLate: false });
  if (met.known.size === before) stage.tally.violate('an undisturbed scheduled backup is not listed');
}

async function untilBegun(met: KnownBackups): Promise<void> {
  await eventually(async () => (await inWork(met)) > 0, BEGUN);
}

async function untilEnded(met: KnownBackups): Promise<void> {
  await eventually(async () => (await inWork(met)) === 0, ENDED);
}

async function inWork({ repository }: KnownBackups): Promise<number> {
  return (await repository.list()).broken.filter(backup => backup.inWork).length;
}

async function lookForRests(stage: MatrixStage, { name }: KnownBackups): Promise<void> {
  const { tally, system, root, backups } = stage;
  tally.checked('looks for leftovers after the next run');
  for (const what of [
    ...(await strayProcesses(root, await knownPids(stage))),
    ...(await strayInServer(await system.url(), 1)),
    ...(await strayFiles(system.home, backups)),
  ])
    tally.violate(`left by a ${name}: ${what}`);
}
