import { startCluster } from '@holdfast/postgres/cluster';
import { writeParts } from './home/keeper-run.ts';
import type { KeeperCore } from './keeper-core.ts';
import type { KeeperMode } from './keeper-options.ts';
import { takeOverIfRequested } from './restore/take-over.ts';
import type { Part } from './supervision/part.ts';
import { type PartState, reasonOf } from './supervision/part-state.ts';
import { createPostgresPart } from './supervision/postgres-part.ts';
import { createServerPart } from './supervision/server-part.ts';
import { type Supervisor, supervise } from './supervision/supervise.ts';

const STOP_MARGIN_MS = 3_000;

/** Starts and supervises the embedded PostgreSQL. */
export function supervisePostgres(core: KeeperCore): Supervisor {
  const { settings } = core;
  const { home } = core.options;
  const part = createPostgresPart({
    paths: core.paths,
    start: async () => {
      await takeOverIfRequested(core);
      return startCluster({
        home,
        port: settings.postgresPort,
        systemUser: settings.postgresUser,
        sharedDir: settings.postgresDir,
        lock: core.lock,
        settings: core.tuning.postgres,
        onProgress: message => core.tell(message),
      });
    },
    onCluster: ({ appUrl }) => {
      // A server that was started with another address would never find the database again.
      if (core.database.locate(appUrl)) core.supervisors.get('server')?.restart();
    },
  });
  return addPart(core, part);
}

/** Starts and supervises the API server. */
export function superviseServer(
  core: KeeperCore,
  mode: KeeperMode & { kind: 'full' },
  keeperUrl: string,
): Supervisor {
  const { settings } = core;
  const part = createServerPart({
    paths: core.paths,
    launcher: mode.launcher,
    variables: () => serverVariables(core, mode, keeperUrl),
    port: settings.apiPort,
    upstream: core.upstream,
    liveness: core.tuning.liveness,
    startTimeoutMs: core.tuning.serverStartTimeoutMs,
    stopTimeoutMs: settings.drainTimeout + STOP_MARGIN_MS,
    clock: core.clock,
    onSpawn: identity => note(core, () => writeParts(core.paths, identity)),
  });
  return addPart(core, part);
}

function addPart(core: KeeperCore, part: Part): Supervisor {
  const supervisor = supervise({
    part,
    policy: core.tuning.restart,
    incidents: core.incidents,
    clock: core.clock,
    onState: state => tellState(core, part.name, state),
  });
  core.supervisors.set(part.name, supervisor);
  return supervisor;
}

/** The server listens for this keeper alone, believes what it forwards, and cannot change the schema. */
function serverVariables(
  core: KeeperCore,
  { variables }: KeeperMode & { kind: 'full' },
  keeperUrl: string,
): Record<string, string> {
  const { HOLDFAST_OWNER_DATABASE_URL: _owner, ...kept } = variables;
  return {
    ...kept,
    HOLDFAST_HOME: core.options.home,
    HOLDFAST_HOST: '127.0.0.1',
    HOLDFAST_TRUST_PROXY: '127.0.0.1',
    // No load balancer has to notice: the keeper sees at once that the server is gone.
    HOLDFAST_DRAIN_DELAY: '0s',
    HOLDFAST_PUBLIC_URL: core.settings.publicUrl ?? keeperUrl,
    // the keeper's own URL, which may change with each start, must not become the issuer
    HOLDFAST_ISSUER: core.settings.issuer,
    ...(core.database.url === undefined ? {} : { DATABASE_URL: core.database.url }),
  };
}

function tellState(core: KeeperCore, part: string, state: PartState): void {
  core.logger.info({ part, state }, `${part} is ${state.kind}`);
  if (state.kind === 'backing-off') core.tell(`${reasonOf(state)}; starting it again`, 'trouble');
  if (state.kind === 'crash-looping') {
    core.tell(`${part} ended ${state.exits} times in a row: ${state.reason}; trying on slowly`, 'trouble');
  }
  if (state.kind === 'running')
    core.logger.info({ part, pid: state.pid, adopted: state.adopted }, 'part serves');
}

/** Writes a note that is useful but not vital: a full or read-only disk does not stop the keeper. */
export function note(core: KeeperCore, write: () => void): void {
  try {
    write();
  } catch (error) {
    core.logger.error({ err: error }, 'a note in the state directory could not be written');
  }
}
