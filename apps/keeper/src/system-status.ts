import { maskUrl } from '@holdfast/core';
import type { KeeperCore } from './keeper-core.ts';
import type { Observation } from './observe.ts';
import type { PartStatus, SystemStatus } from './status.ts';
import { type PartName, pidOf, reasonOf } from './supervision/part-state.ts';
import type { Reachability } from './supervision/reachability.ts';
import type { Supervisor } from './supervision/supervise.ts';

const SHOWN_INCIDENTS = 10;
/** A server that has been silent for longer than this is shown as not answering. */
const SILENCE_MS = 4_000;

/** The state of the whole system at this moment. */
export function systemStatus(
  core: KeeperCore,
  seen: Observation,
  url: string,
  isReady: boolean,
): SystemStatus {
  const parts = [keeperStatus(core), serverStatus(core, seen), databaseStatus(core, seen)];
  const open = parts.some(({ part }) => part !== 'keeper' && core.incidents.openIncident(part) !== undefined);
  return {
    status: overall({
      stopping: core.stopping.signal.aborted,
      works: parts.every(part => part.ok) && core.upstream.ready === true,
      isReady: isReady || open,
    }),
    version: core.options.version,
    at: new Date(core.clock.now()).toISOString(),
    url,
    apiUrl: core.upstream.url ?? null,
    databaseUrl: core.database.url === undefined ? null : maskUrl(core.database.url),
    home: core.options.home,
    parts,
    incidents: core.incidents.list(SHOWN_INCIDENTS),
    sample: seen.sampler.latest ?? null,
    cleanup: seen.cleanup.status,
    wal: seen.wal.status,
    backups: seen.backups.status,
  };
}

interface Overall {
  readonly stopping: boolean;
  readonly works: boolean;
  readonly isReady: boolean;
}

function overall({ stopping, works, isReady }: Overall): SystemStatus['status'] {
  if (stopping) return 'stopping';
  if (works) return 'ok';
  return isReady ? 'trouble' : 'starting';
}

function keeperStatus(core: KeeperCore): PartStatus {
  return {
    part: 'keeper',
    managed: false,
    state: 'running',
    ok: true,
    ready: null,
    since: core.startedAt,
    pid: process.pid,
    restarts: 0,
    retryAt: null,
    trouble: null,
    reason: null,
  };
}

function serverStatus(core: KeeperCore, seen: Observation): PartStatus {
  const supervisor = core.supervisors.get('server');
  const ready = core.upstream.ready ?? null;
  if (supervisor === undefined) {
    return { ...observedStatus(core, 'server', seen.server ?? { kind: 'unknown' }), ready };
  }
  const answers = core.upstream.answeredSince(core.clock.monotonic() - SILENCE_MS);
  const silence = answers ? undefined : 'it has not answered for some seconds';
  return { ...supervisedStatus(core, supervisor, silence), ready };
}

function databaseStatus(core: KeeperCore, seen: Observation): PartStatus {
  const supervisor = core.supervisors.get('postgres');
  if (supervisor === undefined) return observedStatus(core, 'postgres', seen.database);
  return supervisedStatus(
    core,
    supervisor,
    seen.database.kind === 'unreachable' ? seen.database.reason : undefined,
  );
}

function supervisedStatus(core: KeeperCore, supervisor: Supervisor, silence: string | undefined): PartStatus {
  const { state, name, restarts } = supervisor;
  const runs = state.kind === 'running';
  const waits = state.kind === 'backing-off' || state.kind === 'crash-looping';
  const incident = core.incidents.openIncident(name);
  return {
    part: name,
    managed: true,
    state: state.kind,
    ok: runs && silence === undefined,
    ready: null,
    since: state.since,
    pid: pidOf(state) ?? null,
    restarts,
    retryAt: waits ? state.retryAt : null,
    trouble: incident?.kind ?? null,
    reason: reasonOf(state) ?? (runs ? silence : incident?.reason) ?? null,
  };
}

function observedStatus(core: KeeperCore, part: PartName, seen: Reachability): PartStatus {
  const incident = core.incidents.openIncident(part);
  const state = seen.kind === 'reachable' ? 'running' : seen.kind;
  return {
    part,
    managed: false,
    state,
    ok: seen.kind === 'reachable',
    ready: null,
    since: seen.kind === 'unknown' ? core.startedAt : seen.since,
    pid: null,
    restarts: 0,
    retryAt: null,
    trouble: incident?.kind ?? null,
    reason: seen.kind === 'unreachable' ? seen.reason : null,
  };
}
