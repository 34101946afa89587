import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from './files.ts';
import { LISTEN_ADDRESS } from './ports.ts';
import type { SystemUser } from './system-user.ts';

export interface ScratchConfiguration {
  readonly dataDir: string;
  /** Holds the files of this run: nothing of the backup's own configuration is read. */
  readonly runDir: string;
  readonly socketDir: string;
  readonly majorVersion: string;
  readonly port: number;
  readonly user: SystemUser | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** What `alter system` has written is read whatever configuration file is named, so it lies aside during the run. */
const AUTO = 'postgresql.auto.conf';
const KEPT_AUTO = 'postgresql.auto.conf.of-backup';

/**
 * Settings under which a copy of somebody's cluster can do no harm: it archives nothing, preloads nothing (pg_cron would run
 * its jobs), replicates from nobody and runs no login triggers. Hot standby is off, so that the numbers of connections of the
 * original need not be known; the others are large enough for the prepared transactions and locks of any WAL.
 */
const ISOLATED: Readonly<Record<string, string>> = {
  cluster_name: 'holdfast-restore',
  archive_mode: 'off',
  shared_preload_libraries: '',
  session_preload_libraries: '',
  local_preload_libraries: '',
  max_logical_replication_workers: '0',
  ssl: 'off',
  hot_standby: 'off',
  primary_conninfo: '',
  restore_command: '',
  max_connections: '60',
  max_prepared_transactions: '200',
  max_locks_per_transaction: '256',
  max_wal_senders: '0',
  max_replication_slots: '64',
  // a slot that a copied directory holds keeps the server from starting under a lower one
  wal_level: 'logical',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%m [%p] ',
  log_parameter_max_length: '0',
  lc_messages: 'C',
  timezone: 'UTC',
  log_timezone: 'UTC',
  password_encryption: 'scram-sha-256',
  max_wal_size: '4GB',
  checkpoint_timeout: '30min',
  maintenance_work_mem: '256MB',
  autovacuum: 'off',
};

/** Of newer versions: an older one refuses to start with a setting that it does not know. */
const NEWER: readonly (readonly [since: number, name: string, value: string])[] = [
  [15, 'log_startup_progress_interval', '1s'],
  [17, 'event_triggers', 'off'],
  [17, 'summarize_wal', 'off'],
];

/** Writes the files of a run and takes those of the original out of the way. */
export async function writeScratchConfiguration(configuration: ScratchConfiguration): Promise<void> {
  const { runDir, user } = configuration;
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  await setAside(configuration);
  const own: [string, string][] = [
    ['postgresql.conf', settingLines(configuration)],
    // the socket is in a directory that only the server's user and root can enter
    ['pg_hba.conf', `local all all trust\nhost all all ${LISTEN_ADDRESS}/32 scram-sha-256\n`],
    ['pg_ident.conf', ''],
  ];
  for (const [name, text] of own) await writeOwned(join(runDir, name), text, user);
  if (user !== undefined) await chown(runDir, user.uid, user.gid);
}

async function setAside({ dataDir, user }: ScratchConfiguration): Promise<void> {
  const auto = join(dataDir, AUTO);
  const kept = join(dataDir, KEPT_AUTO);
  if ((await exists(auto)) && !(await exists(kept))) await rename(auto, kept);
  await writeOwned(auto, '', user);
}

/** Undoes what the run did to the configuration, for a cluster that goes on as a real one. */
export async function restoreConfiguration(dataDir: string): Promise<void> {
  const kept = join(dataDir, KEPT_AUTO);
  if (await exists(kept)) await rename(kept, join(dataDir, AUTO));
  await Promise.all(
    ['recovery.signal', 'standby.signal'].map(name => rm(join(dataDir, name), { force: true })),
  );
}

function settingLines(configuration: ScratchConfiguration): string {
  const { dataDir, runDir, socketDir, majorVersion, port, settings } = configuration;
  const newer = NEWER.filter(([since]) => Number(majorVersion) >= since);
  const all = {
    ...ISOLATED,
    ...Object.fromEntries(newer.map(([, name, value]) => [name, value])),
    data_directory: dataDir,
    hba_file: join(runDir, 'pg_hba.conf'),
    ident_file: join(runDir, 'pg_ident.conf'),
    listen_addresses: LISTEN_ADDRESS,
    port: String(port),
    unix_socket_directories: socketDir,
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'\n`)
    .join('');
}

async function writeOwned(path: string, text: string, user: SystemUser | undefined): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  if (user !== undefined) await chown(path, user.uid, user.gid);
}
