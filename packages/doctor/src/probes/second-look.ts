import type { Target } from '../target.ts';
import { lookAtApi } from './api-probe.ts';
import { type OpenDoor, openDatabaseDoor } from './database-door.ts';
import { lookAtCluster, lookAtProcesses } from './local-probe.ts';
import { type Looks, type ProbeTools, type RunProbe, sawIn } from './probe.ts';

// What is looked at from two sides can change in between: a process that ends or starts at this very moment would look
// like a fault that does not exist. Where the two sides contradict each other, both are looked at once more.

const LOCAL_MS = 2_000;
const API_MS = 6_500;
const PAUSE_MS = 100;

/** The API server as a process and from outside. */
export async function lookAtServer(target: Target, run: RunProbe): Promise<Looks> {
  const look = async (): Promise<Looks> => {
    const [processes, api] = await Promise.all([
      run('processes', ['process.server', 'process.keeper'], LOCAL_MS, () => lookAtProcesses(target)),
      run(
        'api',
        ['api.port', 'api.health', 'api.ready', 'api.pool', 'api.jwks', 'api.identity'],
        API_MS,
        tools => lookAtApi(target, tools),
      ),
    ]);
    return { ...processes, ...api };
  };
  const first = await look();
  return serverContradicts(first) ? look() : first;
}

function serverContradicts(looks: Looks): boolean {
  if (sawIn(looks, 'api.health')?.result === 'broken') return true;
  const runs = sawIn(looks, 'process.server')?.running;
  const port = sawIn(looks, 'api.port')?.result;
  const strangerSeen = sawIn(looks, 'process.listener')?.pid !== undefined;
  return runs !== undefined && port !== undefined && runs !== (port === 'open') && !strangerSeen;
}

/** PostgreSQL as a process and from outside. The sessions that were opened are the caller's to close. */
export async function lookAtDatabase(target: Target, run: RunProbe, tools: ProbeTools): Promise<OpenDoor> {
  const look = async (): Promise<OpenDoor> => {
    const [door, cluster] = await Promise.all([
      openDatabaseDoor(target.database, tools),
      run('cluster', ['database.cluster'], LOCAL_MS, ({ clock }) => lookAtCluster(target, clock)),
    ]);
    return { ...door, looks: { ...door.looks, ...cluster } };
  };
  const first = await look();
  if (target.database.embedded?.inUse !== true || !databaseContradicts(first.looks)) return first;
  await Promise.all([first.app?.close(), first.owner?.close()]);
  await tools.clock.sleep(PAUSE_MS, tools.signal).catch(() => undefined);
  return look();
}

function databaseContradicts(looks: Looks): boolean {
  const state = sawIn(looks, 'database.cluster')?.state;
  const port = sawIn(looks, 'database.port')?.result;
  return state !== undefined && port !== undefined && (state === 'running') !== (port === 'open');
}
