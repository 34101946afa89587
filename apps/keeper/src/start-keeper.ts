import { errorMessage, systemClock } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import { bringUp } from './bring-up.ts';
import { diagnoseSystem } from './diagnose.ts';
import { claimHome } from './home/claim-home.ts';
import { ensureHome, homePaths } from './home/home.ts';
import type { KeeperRun } from './home/keeper-run.ts';
import { writeJson } from './home/run-file.ts';
import { buildKeeperApp } from './http/app.ts';
import { ensureBreakGlassToken } from './http/break-glass.ts';
import { createOperatorAuth } from './http/operator-auth.ts';
import { createKeeperCore, type KeeperCore } from './keeper-core.ts';
import { DEFAULT_TUNING, type KeeperOptions, type Readiness, type RunningKeeper } from './keeper-options.ts';
import { type Listening, listen } from './listen.ts';
import { note } from './managed-parts.ts';
import { type Observation, observe } from './observe.ts';
import { createOpsTarget } from './ops-target.ts';
import { oneLine } from './process/log-reason.ts';
import { identifyProcess } from './process/process-identity.ts';
import type { SystemStatus } from './status.ts';
import { stopKeeper } from './stop-keeper.ts';
import { cleanUpServer } from './supervision/clean-up.ts';
import { systemStatus } from './system-status.ts';

/**
 * Starts a keeper on a state directory: claims it, cleans up after a killed predecessor, serves the status page and the ops
 * API, and in the mode `full` starts PostgreSQL and the server and keeps them running.
 * Resolves when the keeper itself serves; `ready` tells about the rest.
 * @throws HoldfastError `home_in_use`, `port_in_use`, `configuration_invalid`.
 */
export async function startKeeper(options: KeeperOptions): Promise<RunningKeeper> {
  const clock = options.clock ?? systemClock;
  const paths = homePaths(options.home);
  await ensureHome(paths);
  const waitMs = options.tuning?.takeOverMs ?? DEFAULT_TUNING.takeOverMs;
  const lock = await claimHome(paths, { clock, waitMs });
  try {
    const core = await createKeeperCore(options, lock);
    await cleanUp(core);
    ensureBreakGlassToken(paths.breakGlass);
    return await serve(core);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function cleanUp(core: KeeperCore): Promise<void> {
  const graceMs = core.settings.drainTimeout;
  const orphan = await cleanUpServer(core.paths, { clock: core.clock, graceMs });
  if (orphan !== undefined)
    core.tell(`ended the API server (pid ${orphan.pid}) that a killed keeper left behind`);
}

interface Serving {
  readonly app: FastifyInstance;
  readonly seen: Observation;
  readonly status: () => SystemStatus;
  readonly progress: { url: string; isReady: boolean };
}

async function serve(core: KeeperCore): Promise<RunningKeeper> {
  const serving = await assemble(core);
  const { app, seen, progress } = serving;
  try {
    const listening = await listen(app, core.settings.host, core.settings.port);
    progress.url = listening.url;
    note(core, () => writeJson(core.paths.keeperRun, runFile(core, listening)));
  } catch (error) {
    await stopKeeper({ core, app, seen, settled: Promise.resolve() }, new AbortController().signal);
    throw error;
  }
  core.logger.info({ url: progress.url }, 'the keeper serves');
  return running(core, serving);
}

async function assemble(core: KeeperCore): Promise<Serving> {
  const { settings } = core;
  const progress = { url: '', isReady: false };
  const seen = observe(core);
  const status = (): SystemStatus => systemStatus(core, seen, progress.url, progress.isReady);
  const app = await buildKeeperApp({
    settings,
    log: core.logger,
    upstream: core.upstream,
    clock: core.clock,
    patienceMs: core.tuning.patienceMs,
    corsOrigins: settings.corsOrigins,
    target: createOpsTarget(core, seen, status, () => diagnoseSystem(core)),
    auth: createOperatorAuth({ paths: core.paths, settings, clock: core.clock }),
  });
  return { app, seen, status, progress };
}

function running(core: KeeperCore, { app, seen, status, progress }: Serving): RunningKeeper {
  const { mode } = core.options;
  const ready = mode.kind === 'full' ? bringUp(core, mode, progress.url) : alone(core, progress.url);
  const settled = ready.then(
    () => {
      progress.isReady = true;
    },
    () => undefined,
  );
  const hurrying = new AbortController();
  let stopped: Promise<void> | undefined;
  return {
    url: progress.url,
    ready,
    status,
    report: error => {
      core.logger.error({ err: error }, 'unexpected error');
      core.tell(`an unexpected error in the keeper: ${oneLine(errorMessage(error))}`, 'trouble');
    },
    stop: async hurry => {
      if (hurry?.aborted === true) hurrying.abort();
      hurry?.addEventListener('abort', () => hurrying.abort(), { once: true });
      stopped ??= stopKeeper({ core, app, seen, settled }, hurrying.signal);
      await stopped;
    },
  };
}

function runFile(core: KeeperCore, { url, port }: Listening): KeeperRun {
  return {
    pid: process.pid,
    url,
    port,
    version: core.options.version,
    startedAt: core.startedAt,
    processStartedAt: identifyProcess(process.pid)?.startedAt ?? '',
    mode: core.options.mode.kind,
  };
}

async function alone(core: KeeperCore, url: string): Promise<Readiness> {
  return {
    url,
    apiUrl: core.upstream.url ?? url,
    databaseUrl: core.database.url ?? '',
    home: core.options.home,
    admin: { email: core.settings.adminEmail },
    pids: { keeper: process.pid, server: null, postgres: null },
  };
}
