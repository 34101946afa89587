import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '@holdfast/core';
import { systemClock } from '@holdfast/core';
import {
  type BackupRepository,
  createRepository,
  directoryDestination,
  readSealKey,
} from '@holdfast/database/backup';
import { installedVersions } from '@holdfast/testing';
import { type Disk, mountDisk } from './disk.ts';
import { createExternal, type ExternalPostgres } from './external.ts';
import { prepareDatabase, withConnection } from './ledger.ts';
import { killTree, listProcesses } from './processes.ts';
import { createSystem, type MatrixSystem } from './system.ts';
import type { MatrixTally } from './tally.ts';

/** All that the matrix is played with. */
export interface MatrixStage {
  readonly root: string;
  readonly system: MatrixSystem;
  /** Where the embedded one is backed up to, on a disk of its own. */
  readonly backups: string;
  /** Another server, with a state directory for the commands that work on it. */
  readonly external: ExternalPostgres;
  readonly externalHome: string;
  readonly externalBackups: string;
  readonly homeDisk: Disk;
  readonly backupDisk: Disk;
  readonly random: Random;
  readonly tally: MatrixTally;
  readonly progress: (line: string) => void;
  /** Whether the time is over, or somebody wants it to end. */
  readonly isOver: () => boolean;
  close(): Promise<void>;
}

const BALLAST_ROWS = 30_000;

export async function openStage(
  options: Pick<MatrixStage, 'random' | 'tally' | 'progress' | 'isOver'>,
): Promise<MatrixStage> {
  const root = await mkdtemp(join(tmpdir(), 'hf-kills-'));
  const disks: Disk[] = [];
  const close = async (system?: MatrixSystem): Promise<void> => {
    await system?.stop().catch(error => options.tally.violate(`stopping: ${error}`));
    for (const { pid, command } of await listProcesses())
      if (command.includes(root) && pid !== process.pid) await killTree(pid);
    for (const disk of disks.toReversed()) await disk.remove();
    await rm(root, { recursive: true, force: true });
  };
  try {
    await chmod(root, 0o755);
    const [home, backups] = [join(root, 'disk'), join(root, 'backups')];
    for (const path of [home, backups]) {
      await mkdir(path);
      disks.push(await mountDisk(path));
    }
    const [homeDisk, backupDisk] = disks;
    const [version] = await installedVersions();
    if (homeDisk === undefined || backupDisk === undefined || version === undefined)
      throw new Error('There is no PostgreSQL in /usr/lib/postgresql.');
    const places = { home: join(home, 'home'), own: join(backups, 'own'), other: join(backups, 'other') };
    const externalHome = join(home, 'external-home');
    const temporary = join(home, 'temporary');
    for (const path of [places.home, externalHome, places.own, places.other, temporary])
      await mkdir(path, { mode: 0o755 });
    const system = createSystem(places.home, {
      ...SETTINGS,
      HOLDFAST_POSTGRES_DIR: join(home, 'shared'),
      HOLDFAST_BACKUPS: places.own,
      TMPDIR: temporary,
    });
    try {
      await system.recover();
      await prepareDatabase(await system.url(), BALLAST_ROWS);
      const external = await createExternal(join(home, 'external'), version);
      await external.recover();
      const admin = external.url.replace('/shop', '/postgres');
      await withConnection(admin, db => db.script('create database shop'));
      await prepareDatabase(external.url, BALLAST_ROWS);
      return {
        ...options,
        ...{ root, system, external, externalHome, homeDisk, backupDisk },
        backups: places.own,
        externalBackups: places.other,
        close: () => close(system),
      };
    } catch (error) {
      await close(system);
      throw error;
    }
  } catch (error) {
    await close();
    throw error;
  }
}

const SETTINGS = {
  HOLDFAST_LOG_LEVEL: 'warn',
  HOLDFAST_BACKUP_INTERVAL: 'off',
  HOLDFAST_DRILL_INTERVAL: 'off',
  HOLDFAST_CLEANUP_HOUR: 'off',
};

/** The backups of one place as the commands of this state directory see them. */
export async function repositoryOf(home: string, directory: string): Promise<BackupRepository> {
  return createRepository({
    destination: directoryDestination(directory),
    compression: 'zstd',
    encryption: undefined,
    decryption: undefined,
    sealKey: await readSealKey(join(home, 'backup-seal.key'), true),
    clock: systemClock,
  });
}

/** The arguments and variables of commands on the external server. */
export function externalCommand({ system, externalHome, externalBackups, external }: MatrixStage): {
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
} {
  return {
    args: ['--home', externalHome, '--database-url', external.url],
    variables: { ...system.variables, HOLDFAST_BACKUPS: externalBackups },
  };
}

/** Everything serves again. */
export async function recoverAll({ system, external }: MatrixStage): Promise<void> {
  await Promise.all([system.recover(), external.recover()]);
}

export async function knownPids({ system, external }: MatrixStage): Promise<(number | undefined)[]> {
  return [system.keeperPid(), await system.postgresPid(), external.pid()];
}
