import type { Clock } from '@holdfast/core';
import { findPostmaster } from '@holdfast/postgres/cluster';
import type { OtherTarget } from '../config/other-target.ts';
import { judgeAddress, type OpenDoor, openDatabaseDoor } from '../probes/database-door.ts';
import { lookAtServer } from '../probes/database-probe.ts';
import { createRunner, type Gathered, type GatherOptions } from '../probes/gather.ts';
import { HEALTH_IDS, lookAtHealth } from '../probes/health-probe.ts';
import { lookIntoLogs } from '../probes/log-incidents-probe.ts';
import {
  allBlind,
  couldNotLook,
  type Looks,
  observationsOf,
  type ProbeTools,
  type RunProbe,
} from '../probes/probe.ts';
import { findProcess } from '../probes/process-table.ts';
import { lookAtRoles } from '../probes/roles-probe.ts';
import { addressOf } from '../probes/tcp-port.ts';
import { lookAtRepairs } from '../repair/look-at-repairs.ts';
import { judgeVariables } from './judge-variables.ts';
import { lookAtConformance } from './look-at-conformance.ts';
import { lookAtExpected, lookAtSnapshot } from './look-at-expected.ts';
import { reach } from './reach.ts';

const LOCAL_MS = 2_000;
const REACH_MS = 4_000;
const EXTERNAL_MS = 6_000;
const SERVER_MS = 2_000;
const SCHEMA_MS = 4_000;

/** Looks at a system that only its configuration describes. Uses two database sessions at most, and only reads. */
export async function gatherOther(target: OtherTarget, options: GatherOptions): Promise<Gathered> {
  const probes: Record<string, number> = {};
  const run = createRunner(options, probes);
  const [logs, database, api, external] = await Promise.all([
    lookAtLogs(target, run),
    lookAtDatabase(target, run, options),
    lookAtApi(target, run, options.clock),
    lookAtServices(target, run),
  ]);
  const described = {
    ...lookAtVariables(target),
    ...(await lookAtSnapshot(target)),
    ...(await lookAtRepairs(target)),
  };
  return {
    observations: observationsOf({ ...described, ...logs, ...database, ...api, ...external }),
    probes,
  };
}

async function lookAtLogs({ logs }: OtherTarget, run: RunProbe): Promise<Looks> {
  if (logs.length === 0) return {};
  const looks = await run('logs', ['logs.incidents'], LOCAL_MS, tools => lookIntoLogs(logs, tools));
  if (Object.keys(looks).length > 0) return looks;
  return { 'logs.incidents': couldNotLook(`there is no ${logs.join(', ')}`) };
}

function lookAtVariables({ variables }: OtherTarget): Looks {
  return Object.keys(variables.rules).length === 0
    ? {}
    : { 'config.variables': { saw: judgeVariables(variables) } };
}

/** The API as it is reached, then what it answers. */
async function lookAtApi(target: OtherTarget, run: RunProbe, clock: Clock): Promise<Looks> {
  const { urls, proxyUrl, health } = target.api;
  const [replicas, proxy] = await Promise.all([
    lookAtReplicas(urls, health, run),
    lookAtProxy(proxyUrl, health, run),
  ]);
  const reached = { ...replicas, ...proxy };
  return { ...reached, ...(await lookAtConformance(target, reached, run, clock)) };
}

async function lookAtReplicas(urls: readonly string[], health: string, run: RunProbe): Promise<Looks> {
  if (urls.length === 0)
    return allBlind(['api.replicas'], 'the configuration names no address of the API without its proxy');
  return run('api', ['api.replicas'], REACH_MS, async tools => ({
    'api.replicas': { saw: { replicas: await Promise.all(urls.map(url => reach(url, health, tools))) } },
  }));
}

async function lookAtProxy(url: string | undefined, health: string, run: RunProbe): Promise<Looks> {
  if (url === undefined) return {};
  return run('proxy', ['proxy.answer'], REACH_MS, async tools => ({
    'proxy.answer': { saw: await reach(url, health, tools) },
  }));
}

const SLOW_MS = 2_000;

async function lookAtServices({ external }: OtherTarget, run: RunProbe): Promise<Looks> {
  if (external.length === 0) return {};
  return run('services', ['external.services'], EXTERNAL_MS, async tools => {
    const services = await Promise.all(
      external.map(async ({ name, url, timeoutMs = SLOW_MS }) => {
        const over = AbortSignal.any([tools.signal, AbortSignal.timeout(timeoutMs)]);
        const { port, result = 'broken', ...seen } = await reach(url, '', { ...tools, signal: over });
        const message = port === 'open' ? seen.message : `its port is ${port}`;
        return {
          ...seen,
          name,
          result: over.aborted ? ('timeout' as const) : result,
          ...(message === undefined ? {} : { message }),
        };
      }),
    );
    return { 'external.services': { saw: { services } } };
  });
}

const DATABASE_IDS = [
  ...(['database.port', 'database.app', 'database.server', 'database.roles', 'schema.catalog'] as const),
  ...HEALTH_IDS,
];

async function lookAtDatabase(target: OtherTarget, run: RunProbe, options: GatherOptions): Promise<Looks> {
  if (target.database.appUrl === undefined)
    return allBlind(DATABASE_IDS, 'the configuration names no database');
  const door = await openDatabaseDoor(target.database, options);
  try {
    const cluster = await run('cluster', ['database.cluster'], LOCAL_MS, () => lookAtCluster(target));
    const outside = { ...door.looks, ...cluster };
    const first = { ...outside, ...judgeAddress(target.database, outside) };
    const inside = await lookInside(target, door, run);
    // the catalogue of health opens a session of its own
    await door.app?.close();
    return { ...first, ...inside, ...withoutRestore(await lookAtHealth(target, first, run)) };
  } finally {
    await Promise.all([door.app?.close(), door.owner?.close()]);
  }
}

/** A snapshot counts rows and holds none: no restore of ours brings them back from it. */
function withoutRestore(looks: Looks): Looks {
  const lost = looks['health.lost-rows'];
  if (lost === undefined || !('saw' in lost)) return looks;
  return { ...looks, 'health.lost-rows': { saw: { ...lost.saw, remedy: null } } };
}

async function lookInside(target: OtherTarget, { app, owner }: OpenDoor, run: RunProbe): Promise<Looks> {
  const session = owner ?? app;
  if (session === undefined) {
    return allBlind(
      ['database.server', 'database.roles', 'schema.catalog'],
      'there is no session in the database',
      'database.app',
    );
  }
  const server = await run('database', ['database.server'], SERVER_MS, async (tools: ProbeTools) => {
    const { looks, aheadMs } = await lookAtServer(app ?? session, tools);
    return { ...looks, 'time.clocks': { saw: { databaseAheadMs: aheadMs } } };
  });
  const roles = await run('roles', ['database.roles'], SERVER_MS, async () => {
    const expected = await target.expected?.().catch(() => undefined);
    return { 'database.roles': { saw: await lookAtRoles(session, target.database, expected?.roleSettings) } };
  });
  const schema = await run('schema', ['schema.catalog'], SCHEMA_MS, async () => ({
    'schema.catalog': await lookAtExpected(session, target),
  }));
  return { ...server, ...roles, ...schema };
}

/** The process on a data directory of this machine. */
async function lookAtCluster({
  database: { dataDirectory: directory, appUrl },
}: OtherTarget): Promise<Looks> {
  if (directory === undefined || appUrl === undefined) return {};
  const { port } = addressOf(appUrl);
  const running = await findPostmaster(directory);
  if (running === undefined)
    return { 'database.cluster': { saw: { state: 'stopped', suspended: false, port, directory } } };
  const found = await findProcess(running.pid);
  const suspended = found?.suspended === true;
  return {
    'database.cluster': {
      saw: {
        ...{ state: 'running', pid: running.pid, suspended, directory },
        ...(running.port === undefined ? {} : { port: running.port }),
      },
    },
  };
}
