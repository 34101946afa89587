import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually, findFreePort } from '@holdfast/testing';

export interface Redis {
  readonly url: string;
  /** How many clients listen for revocations. */
  subscribers(): Promise<number>;
  stop(): Promise<void>;
}

/** A Redis or Valkey of its own for a test; undefined when none is installed. */
export async function startRedis(t: TestContext): Promise<Redis | undefined> {
  const binary = ['valkey-server', 'redis-server'].find(name => spawnSync(name, ['--version']).status === 0);
  if (binary === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'hf-redis-'));
  const port = await findFreePort();
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
  const server = spawn(binary, options, { stdio: 'ignore' });
  const exited = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  t.after(stop);
  await eventually(async () => (await command(port, 'PING')).startsWith('+PONG'));
  return {
    url: `redis://127.0.0.1:${port}`,
    subscribers: async () =>
      Number((await command(port, 'PUBSUB NUMSUB holdfast:revocations')).split(':').at(-1)),
    stop,
  };
}

/** One inline command and the text of its answer. */
async function command(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${text}\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
