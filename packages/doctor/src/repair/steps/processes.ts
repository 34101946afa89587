import { errorMessage, HoldfastError } from '@holdfast/core';
import { findProcess } from '../../probes/process-table.ts';
import type { StepOf, StepWork } from './step-work.ts';

const POLL_MS = 50;
const RESUME_MS = 5_000;
const END_MS = 10_000;

/** Lets a suspended process go on, unless it is not the one any more that was seen. */
export async function continueProcess(work: StepWork, { action }: StepOf<'continue'>): Promise<string> {
  const { pid, startedAt } = action;
  const found = await findProcess(pid);
  if (found === undefined || (startedAt !== null && found.startedAt !== startedAt))
    throw new HoldfastError('repair_refused', `Process ${pid} is gone, or another one by now`);
  sendSignal(pid, 'SIGCONT');
  await until(work, RESUME_MS, async () => (await findProcess(pid))?.suspended !== true);
  return `process ${pid} goes on`;
}

/** Ends what is in the way, and starts the part again. */
export async function startPart(work: StepWork, { action }: StepOf<'start'>): Promise<string> {
  const { part, replaces } = action;
  const start = part === 'server' ? work.tools.startServer : work.tools.startDatabase;
  if (start === undefined)
    throw new HoldfastError('repair_refused', `The ${part} cannot be started from here`);
  if (replaces !== null) await end(work, replaces);
  await start();
  return part === 'server' ? 'the API server runs' : 'PostgreSQL runs';
}

async function end(work: StepWork, pid: number): Promise<void> {
  const isGone = async (): Promise<boolean> => (await findProcess(pid)) === undefined;
  if (await isGone()) return;
  sendSignal(pid, 'SIGTERM');
  if (await until(work, END_MS, isGone)) return;
  sendSignal(pid, 'SIGKILL');
  await until(work, END_MS, isGone);
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return;
    const message = `Process ${pid} cannot be signalled: ${errorMessage(cause)}. As its user or root: kill -${name.slice(3)} ${pid}`;
    throw new HoldfastError('repair_refused', message, { cause });
  }
}

async function until(work: StepWork, timeoutMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const end = work.clock.monotonic() + timeoutMs;
  while (work.clock.monotonic() < end) {
    if (await isSo()) return true;
    await work.clock.sleep(POLL_MS, work.signal);
  }
  return isSo();
}
