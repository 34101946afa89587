import { readdir, readFile } from 'node:fs/promises';

export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process of this machine that can be looked at. */
export async function listProcesses(): Promise<FoundProcess[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(readProcess));
  return found.filter(process => process !== undefined);
}

async function readProcess(pid: number): Promise<FoundProcess | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    return { pid, parent: Number(fields[1]), command };
  } catch {
    return undefined;
  }
}

/** A process and everything below it. */
export async function killTree(pid: number): Promise<void> {
  const all = await listProcesses();
  const doomed = [pid];
  for (const parent of doomed)
    doomed.push(...all.filter(process => process.parent === parent).map(process => process.pid));
  for (const each of doomed) killNow(each);
}

export function killNow(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended before
  }
}
