import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ensureKeyring } from '@holdfast/auth';
import { systemClock } from '@holdfast/core';
import { eventually, type TestDatabase } from '@holdfast/testing';
import { type RunFile, runFilePath } from '../../src/index.ts';
import { createPeople, type People } from './people.ts';
import { testSettings } from './settings.ts';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly child: ChildProcess;
  readonly home: string;
  readonly run: RunFile;
  readonly people: People;
  readonly exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  output(): string;
}

export async function serverProcess(
  t: TestContext,
  database: TestDatabase,
  values: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const home = await mkdtemp(join(tmpdir(), 'hf-server-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const { keyring } = await ensureKeyring(home, systemClock);
  const all = { DATABASE_URL: database.url, ...values };
  const optionsFile = join(home, 'options.json');
  await writeFile(optionsFile, JSON.stringify({ home, values: all }));
  const script = join(import.meta.dirname, 'serve.ts');
  const child = spawn(process.execPath, ['--conditions=holdfast-source', script, optionsFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => chunks.push(String(chunk)));
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const run = await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`The server ended: ${chunks.join('')}`);
      return JSON.parse(await readFile(runFilePath(home), 'utf8')) as RunFile;
    },
    { timeoutMs: 30_000 },
  );
  const people = createPeople(database.pool, keyring, testSettings(all));
  return { child, home, run, people, exit, output: () => chunks.join('') };
}
