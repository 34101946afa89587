import { readdir, readFile } from 'node:fs/promises';
import { systemClock } from '@holdfast/core';

const KILL_AFTER_MS = 5_000;
/** SIGKILL is obeyed at once, except by a process that waits for a disk. */
const GIVE_UP_AFTER_MS = 5_000;
const POLL_MS = 10;

/**
 * Ends a process group, with what its leader has started in it, and waits until nothing of it runs: SIGTERM, after 5 s SIGKILL, and
 * 5 s later it is left to itself. Safe for a group that has ended.
 */
export async function endGroup(leader: number): Promise<void> {
  if (!signalGroup(leader, 'SIGTERM')) return;
  if (await isGoneWithin(leader, KILL_AFTER_MS)) return;
  signalGroup(leader, 'SIGKILL');
  await isGoneWithin(leader, GIVE_UP_AFTER_MS);
}

async function isGoneWithin(leader: number, ms: number): Promise<boolean> {
  const until = systemClock.monotonic() + ms;
  while (signalGroup(leader, 0) && (await hasLiveMember(leader))) {
    if (systemClock.monotonic() >= until) return false;
    await systemClock.sleep(POLL_MS);
  }
  return true;
}

/** False when there is no such group. */
function signalGroup(leader: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** kill(2) also finds the dead that nobody has waited for, as an orphan may stay for ever in a container. */
async function hasLiveMember(leader: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const live = await Promise.all(pids.map(pid => isLiveMember(pid, leader)));
  return live.includes(true);
}

/** proc(5): `pid (command) state ppid pgrp …`, where the command may contain anything. */
async function isLiveMember(pid: string, leader: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(group) === leader && state !== 'Z' && state !== 'X';
}
