import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, systemClock } from '@holdfast/core';
import { findRunningKeeper, homePaths, readRunFile } from '@holdfast/keeper';
import { inspectCluster, readClusterState, startCluster } from '@holdfast/postgres/cluster';
import { selfLauncher } from '../../self-launcher.ts';
import type { ToolContext } from './tool-context.ts';

const POLL_MS = 100;
const START_MS = 30_000;

/** Starts the API server in the background as it was; under a keeper it is waited for, because the keeper starts it. */
export async function startOwnServer({ context, configuration, signal }: ToolContext): Promise<void> {
  const { home, texts } = configuration;
  const path = join(home, 'run', 'server.json');
  const before = readRunFile(path);
  if (!hasKeeper(home)) {
    const launcher = selfLauncher(context.environment);
    const port = before === undefined ? [] : ['--port', String(before.port)];
    const cluster = await readClusterState(home).catch(() => undefined);
    const log = await openLog(home);
    try {
      const child = spawn(
        launcher.command,
        [...launcher.args, 'serve', '--no-env-file', '--home', home, ...port],
        {
          cwd: launcher.cwd,
          env: { ...launcher.env, ...(cluster && { DATABASE_URL: cluster.appUrl }), ...texts },
          stdio: ['ignore', log.fd, log.fd],
          detached: true,
        },
      );
      child.unref();
    } finally {
      await log.close();
    }
  }
  await until(signal, 'The API server', async () => {
    const now = readRunFile(path);
    return now !== undefined && now.pid !== before?.pid && answers(now.url);
  });
}

/** Starts the embedded PostgreSQL and leaves it running; under a keeper it is waited for. */
export async function startEmbedded({ context, configuration, signal }: ToolContext): Promise<void> {
  const { home, settings } = configuration;
  if (hasKeeper(home)) {
    await until(signal, 'PostgreSQL', async () => (await inspectCluster(home)).state === 'running');
    return;
  }
  const cluster = await startCluster({
    home,
    port: settings.postgresPort,
    systemUser: settings.postgresUser,
    sharedDir: settings.postgresDir,
    onProgress: context.terminal.progress,
  });
  await cluster.detach();
}

function hasKeeper(home: string): boolean {
  return findRunningKeeper(homePaths(home)) !== undefined;
}

async function openLog(home: string) {
  const { logs } = homePaths(home);
  await mkdir(logs, { recursive: true, mode: 0o700 });
  return open(join(logs, 'server.log'), 'a', 0o600);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

async function until(signal: AbortSignal, what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = systemClock.monotonic() + START_MS;
  while (!(await isSo())) {
    if (systemClock.monotonic() > end)
      throw new HoldfastError('not_ready', `${what} did not come up within ${START_MS / 1_000} s: see logs`);
    await systemClock.sleep(POLL_MS, signal);
  }
}
