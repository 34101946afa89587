import type { Clock } from '@holdfast/core';
import type { Connection } from '@holdfast/postgres';
import type { Observation } from '../engine/index.ts';
import { lookAtRepairs } from '../repair/look-at-repairs.ts';
import type { Target } from '../target.ts';
import { lookAtProxy } from './api-probe.ts';
import { judgeAddress } from './database-door.ts';
import { lookAtHealth } from './health-probe.ts';
import { lookAtIncidents } from './incidents-probe.ts';
import { lookInside } from './inside-probe.ts';
import { lookAtDisk, lookAtKeyring, lookAtLogs, lookAtSettings } from './local-probe.ts';
import { lookAtLogIncidents } from './log-incidents-probe.ts';
import { type Looks, milliseconds, observationsOf, type RunProbe, runProbe } from './probe.ts';
import { lookAtDatabase, lookAtServer } from './second-look.ts';
import { lookAtUse } from './use-probe.ts';

export interface GatherOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How many times as long as usual everything may take; 1 or more. */
  readonly patience: number;
  readonly onProgress: (what: string) => void;
}

export interface Gathered {
  readonly observations: readonly Observation[];
  /** How long each probe took, in milliseconds. */
  readonly probes: Readonly<Record<string, number>>;
}

const LOCAL_MS = 2_000;
const PROXY_MS = 3_000;

/** Runs every probe: first what stands alone, side by side, then what needs a database session or a live API. */
export async function gather(target: Target, options: GatherOptions): Promise<Gathered> {
  const probes: Record<string, number> = {};
  const run = createRunner(options, probes);
  const door = lookAtDatabase(target, run, options);
  const running: Promise<unknown>[] = [];
  try {
    const [{ looks: doorLooks, app, owner }, around, api, proxy] = await Promise.all([
      door,
      lookAround(target, run),
      lookAtServer(target, run),
      run('proxy', ['proxy.port', 'proxy.health'], PROXY_MS, tools => lookAtProxy(target, tools)),
    ]);
    const outside: Looks = { ...around, ...doorLooks, ...api, ...proxy };
    const first = { ...outside, ...judgeAddress(target.database, outside) };
    const [reader, writer] = [app ?? owner, owner ?? app];
    const read = lookDeeper(target, { reader, writer }, first, run);
    // A session shared by both would mix their statements up.
    if (reader === writer) await read;
    const used = lookAtUse(writer, first, run, running);
    return { observations: observationsOf({ ...first, ...(await used), ...(await read) }), probes };
  } finally {
    await Promise.allSettled(running);
    const { app, owner } = await door;
    await Promise.all([app?.close(), owner?.close()]);
  }
}

/** What the reader sees, then what the health catalogue knows; a reader of its own makes way, so that two sessions are enough. */
async function lookDeeper(
  target: Target,
  { reader, writer }: { readonly reader: Connection | undefined; readonly writer: Connection | undefined },
  first: Looks,
  run: RunProbe,
): Promise<Looks> {
  const inside = await lookInside(target, reader, first, run);
  if (reader !== writer) await reader?.close();
  return { ...inside, ...(await lookAtHealth(target, first, run)) };
}

export function createRunner(options: GatherOptions, probes: Record<string, number>): RunProbe {
  const { clock, patience, onProgress } = options;
  return async (name, ids, timeoutMs, probe) => {
    onProgress(name);
    const begin = clock.monotonic();
    const looks = await runProbe(ids, timeoutMs * patience, options, signal =>
      probe({ clock, signal, patience }),
    );
    probes[name] = milliseconds(begin, clock.monotonic());
    return looks;
  };
}

/** What files of this machine show. */
async function lookAround(target: Target, run: RunProbe): Promise<Looks> {
  const parts = await Promise.all([
    run('logs', ['logs.server'], LOCAL_MS, ({ clock }) => lookAtLogs(target, clock)),
    run('log incidents', ['logs.incidents'], LOCAL_MS, tools => lookAtLogIncidents(target, tools)),
    run('keys', ['config.keyring'], LOCAL_MS, () => lookAtKeyring(target)),
    run('incidents', ['keeper.incidents'], LOCAL_MS, ({ clock }) => lookAtIncidents(target, clock)),
    run('repairs', ['repair.journal'], LOCAL_MS, () => lookAtRepairs(target)),
    run('disk', ['process.disk'], LOCAL_MS, () => lookAtDisk(target)),
  ]);
  return Object.assign(lookAtSettings(target), ...parts);
}
