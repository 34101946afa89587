import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { analyzeLogs, type LogSource, memorySource } from '../logs/index.ts';
import type { Target } from '../target.ts';
import { couldNotLook, type Looks, type ProbeTools } from './probe.ts';

const TAIL_BYTES = 4 << 20;
const WINDOW_MS = 3_600_000;
const LOGS = ['server.log', 'postgres.log'];

/** The incidents in the last hour of the home's own logs. */
export async function lookAtLogIncidents({ home, server }: Target, tools: ProbeTools): Promise<Looks> {
  if (!server.expectedHere) return {};
  return lookIntoLogs(
    LOGS.map(name => join(home, 'logs', name)),
    tools,
  );
}

/** The incidents in the last hour of logs, of which the last 4 MiB each are read; nothing where there is none of them. */
export async function lookIntoLogs(paths: readonly string[], { clock, signal }: ProbeTools): Promise<Looks> {
  try {
    const sources = await Promise.all(paths.map(tailSource));
    const found = sources.filter(source => source !== undefined);
    if (found.length === 0) return {};
    const now = clock.now();
    const options = { since: now - WINDOW_MS, until: now, clock, signal };
    const { incidents, totals } = await analyzeLogs(found, options);
    const saw = incidents.map(({ kind, title, state, onset, endpoints, affected }) => ({
      kind,
      title,
      state,
      onset,
      endpoints,
      affected: affected.count,
      affectedBy: affected.by,
    }));
    return { 'logs.incidents': { saw: { requests: totals.requests, incidents: saw } } };
  } catch (error) {
    return { 'logs.incidents': couldNotLook(error) };
  }
}

/** The whole lines at the end of a file; undefined when there is no such file. */
async function tailSource(path: string): Promise<LogSource | undefined> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), { position: start });
    const bytes = buffer.subarray(0, bytesRead);
    return memorySource(path, start === 0 ? bytes : bytes.subarray(bytes.indexOf('\n') + 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
