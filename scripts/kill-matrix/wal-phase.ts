import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { directoryDestination, openWalArchive, type WalArchive } from '@holdfast/database/backup';
import { materializeBackup, type RecoveryTarget } from '@holdfast/database/restore';
import { homePaths, readWalStatus } from '@holdfast/keeper';
import { parseLsn, sql } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import { type LedgerWriter, type LoggedCommit, readLedger, startWriter, withConnection } from './ledger.ts';
import { strayInServer, strayProcesses } from './leftovers.ts';
import { knownPids, type MatrixStage, recoverAll, repositoryOf } from './stage.ts';
import { fullDisk, killing, type Victim } from './victims.ts';

/** Looked at as a whole after so many moments. */
const BATCH = 20;
const POINTS = 3;
const LONGEST_MS = 2_500;
const ARCHIVED = { timeoutMs: 90_000, pollMs: 100 };

/**
 * Interrupts the streaming of WAL under a load with a logged sequence of commits: the archive has no gap, or says where it starts anew, and
 * restores to random positions within what was interrupted bring back exactly the commits up to there.
 */
export async function killStreaming(stage: MatrixStage, moments: number): Promise<void> {
  const { system, tally, random, isOver } = stage;
  const first = (await readLedger(await system.url())).last + 1;
  for (let done = 0, next = first; done < moments && !isOver(); ) {
    const { code, stderr } = await system.run('backup');
    if (code !== 0) throw new Error(`the backup before the WAL failed: ${stderr}`);
    const writer = startWriter(system.url, next);
    try {
      for (let turn = 0; turn < BATCH && done < moments && !isOver(); turn += 1, done += 1) {
        const [victim, waitMs] = [random.pick(victims(stage)), random.between(50, LONGEST_MS)];
        const outcome = await interruptStream(stage, writer, victim, waitMs);
        tally.add({
          phase: 'WAL streaming',
          victim: victim.name,
          when: `after ${Math.round(waitMs)} ms`,
          outcome,
        });
      }
    } finally {
      await writer.stop();
    }
    next = (writer.log.at(-1)?.n ?? next) + 1;
    await proveStretch(stage, writer.log);
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

/** Strikes, and waits until commits are acknowledged and archived again. */
async function interruptStream(
  stage: MatrixStage,
  { log }: LedgerWriter,
  victim: Victim,
  waitMs: number,
): Promise<string> {
  await delay(waitMs);
  await victim.strike(undefined);
  if (victim.name.includes('full')) await delay(stage.random.between(100, LONGEST_MS));
  await victim.relieve();
  await recoverAll(stage);
  const before = log.length;
  await eventually(() => log.length > before + 2, ARCHIVED);
  await isArchived(stage, log.at(-1));
  return 'streaming again, everything acknowledged is archived';
}

async function isArchived({ system }: MatrixStage, commit: LoggedCommit | undefined): Promise<void> {
  if (commit === undefined) return;
  await eventually(() => {
    const [status] = readWalStatus(homePaths(system.home).walStatus);
    return status?.durableLsn != null && parseLsn(status.durableLsn) >= parseLsn(commit.lsn);
  }, ARCHIVED);
}

/** The archive as a whole, and restores into what was interrupted. */
async function proveStretch(stage: MatrixStage, log: readonly LoggedCommit[]): Promise<void> {
  const { tally, random, system } = stage;
  const archive = await openArchive(stage);
  const ranges = await archive.ranges();
  tally.checked('looks at the WAL archive as a whole');
  if (ranges.length !== 1)
    tally.violate(`the WAL archive has ${ranges.length} ranges: ${JSON.stringify(ranges)}`);
  for (const { name } of await archive.list()) {
    const problem = await readThrough(archive, name);
    if (problem !== undefined) tally.violate(`segment ${name}: ${problem}`);
  }
  const [oldest, ...rest] = log;
  if (oldest === undefined) return;
  const points = Array.from({ length: POINTS }, () => random.pick([oldest, ...rest]));
  for (const point of points) {
    const held = await restoreTo(stage, archive, { kind: 'lsn', lsn: point.lsn, inclusive: true });
    tally.checked('restores to a random position of the WAL, commit by commit');
    if (held.last !== point.n || held.count !== point.n)
      tally.violate(`restored to ${point.lsn}: ${held.count} commits to ${held.last} instead of ${point.n}`);
  }
  const latest = await restoreTo(stage, archive, { kind: 'latest' });
  tally.checked('restores to the end of the WAL');
  const now = await readLedger(await system.url());
  if (latest.last !== now.last || latest.count !== now.count)
    tally.violate(`restored to the end: ${JSON.stringify(latest)} instead of ${JSON.stringify(now)}`);
  for (const what of [
    ...(await strayInServer(await system.url(), 1)),
    ...(await strayProcesses(stage.root, await knownPids(stage))),
  ])
    tally.violate(`left by the streaming of WAL: ${what}`);
}

async function readThrough(archive: WalArchive, name: string): Promise<string | undefined> {
  try {
    for await (const _chunk of await archive.open(name));
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function openArchive({ system, backups }: MatrixStage): Promise<WalArchive> {
  const identifier = await withConnection(await system.url(), db =>
    db.one(sql<{ id: string }>`select system_identifier::text as id from pg_control_system()`),
  );
  const place = {
    destination: directoryDestination(backups),
    compression: 'zstd',
    encryption: undefined,
    decryption: undefined,
    spool: join(system.home, 'wal'),
  } as const;
  const archive = await openWalArchive(place, identifier.id);
  if (archive === undefined) throw new Error('there is no WAL archive');
  return archive;
}

async function restoreTo(
  { system, backups, homeDisk }: MatrixStage,
  archive: WalArchive,
  target: RecoveryTarget,
): Promise<{ readonly count: number; readonly last: number }> {
  const repository = await repositoryOf(system.home, backups);
  const [backup] = (await repository.list()).backups.toSorted((one, other) =>
    one.manifest.createdAt < other.manifest.createdAt ? 1 : -1,
  );
  if (backup === undefined) throw new Error('there is no backup');
  const restored = await materializeBackup({
    ...{ repository, backup, archive, target },
    signal: new AbortController().signal,
    directory: join(homeDisk.path, `point-${Date.now()}`),
    purpose: 'drill',
    systemUser: undefined,
    sharedDir: join(homeDisk.path, 'shared'),
    programs: { binDir: undefined, path: [] },
    jobs: 1,
    onProgress: () => undefined,
  });
  try {
    return await readLedger(restored.urlOf('holdfast'));
  } finally {
    await restored.discard();
  }
}
