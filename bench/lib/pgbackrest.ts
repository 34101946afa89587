import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { postgresUser } from './debian-postgres.ts';
import { runProgram } from './usage.ts';

/** pgBackRest on a repository of its own; it runs as the user of PostgreSQL, as its manual wants it. */
export interface PgBackRest {
  /** What the server has to be started with. */
  readonly settings: readonly string[];
  /** Before the first backup, with the port of the server. */
  prepare(port: number): Promise<void>;
  /** A full one, compressed like the others. */
  backup(port: number): Promise<void>;
  restore(dataDir: string): Promise<void>;
}

const PROGRAM = 'pgbackrest';

/** For a server that will have its data in `dataDir`. */
export async function createPgBackRest(home: string, dataDir: string): Promise<PgBackRest> {
  const user = postgresUser();
  const [place, sockets] = [join(home, 'pgbackrest'), join(home, 'sockets')];
  for (const directory of [place, sockets]) {
    await mkdir(directory, { mode: 0o700 });
    if (user) await chown(directory, user.uid, user.gid);
  }
  const file = join(home, 'pgbackrest.conf');
  const lines = [
    '[global]',
    ...['repo1', 'log', 'lock', 'spool'].map(name => `${name}-path=${join(place, name)}`),
    ...['repo1-retention-full=1', 'compress-type=zst', 'compress-level=3', 'process-max=2', 'start-fast=y'],
    '[bench]',
    `pg1-path=${dataDir}`,
    `pg1-socket-path=${sockets}`,
    'pg1-user=postgres',
  ];
  const run = async (command: string, ...args: readonly string[]): Promise<void> => {
    const common = ['--log-level-console=warn', '--log-level-file=off', '--stanza=bench'];
    await runProgram(PROGRAM, [`--config=${file}`, ...common, ...args, command], user);
  };
  await writeFile(file, `${lines.join('\n')}\n`);
  return {
    settings: [
      `unix_socket_directories=${sockets}`,
      'archive_mode=on',
      `archive_command=${PROGRAM} --config=${file} --log-level-file=off --stanza=bench archive-push %p`,
    ],
    prepare: port => run('stanza-create', `--pg1-port=${port}`),
    backup: port => run('backup', '--type=full', `--pg1-port=${port}`),
    restore: dataDir => run('restore', `--pg1-path=${dataDir}`),
  };
}
