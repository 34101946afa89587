import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LISTEN_ADDRESS } from './ports.ts';
import type { SystemUser } from './system-user.ts';

/** Included at the end of postgresql.conf and written anew at each start; `alter system` still goes before it. */
export const CONFIGURATION_FILE = 'holdfast.conf';

const DEFAULTS: Readonly<Record<string, string>> = {
  cluster_name: 'holdfast',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %q%u@%d %a ',
  log_lock_waits: 'on',
  log_min_duration_statement: '1s',
  // they hold personal data
  log_parameter_max_length: '0',
  password_encryption: 'scram-sha-256',
  // a backup can tie its row checksums to a position in the WAL only with a snapshot of logical decoding
  wal_level: 'logical',
  // a WAL archive that has stopped must not fill the disk; it starts anew instead
  max_slot_wal_keep_size: '4GB',
};

/** Passwords only, from this machine only; also for backups over the replication protocol. */
export const hostBasedAuthentication = `# written by Holdfast
host all all ${LISTEN_ADDRESS}/32 scram-sha-256
host replication all ${LISTEN_ADDRESS}/32 scram-sha-256
`;

export async function writeConfiguration(
  dataDir: string,
  user: SystemUser | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const path = join(dataDir, CONFIGURATION_FILE);
  const lines = Object.entries({ ...DEFAULTS, ...settings }).map(
    ([name, value]) => `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  );
  await writeFile(path, `# written by Holdfast at each start\n${lines.join('\n')}\n`, { mode: 0o600 });
  if (user !== undefined) await chown(path, user.uid, user.gid);
}
