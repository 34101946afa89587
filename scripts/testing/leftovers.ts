import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/**
 * Processes that a test run left behind: those with `mark` in their environment or command, and those working in
 * `directory` (PostgreSQL overwrites its environment). Only Linux can be searched; elsewhere the answer is empty.
 */
export async function findLeftovers(mark: string, directory: string): Promise<Leftover[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(pids.map(pid => inspect(pid, mark, directory)));
  return found.filter(leftover => leftover !== undefined);
}

async function inspect(pid: string, mark: string, directory: string): Promise<Leftover | undefined> {
  const [environment, command, workingDirectory] = await Promise.all([
    orEmpty(readFile(`/proc/${pid}/environ`, 'utf8')),
    orEmpty(readFile(`/proc/${pid}/cmdline`, 'utf8')),
    orEmpty(readlink(`/proc/${pid}/cwd`)),
  ]);
  const belongs =
    environment.includes(mark) ||
    command.includes(directory) ||
    workingDirectory === directory ||
    workingDirectory.startsWith(`${directory}/`);
  return belongs ? { pid: Number(pid), command: command.replaceAll('\0', ' ').trim() } : undefined;
}

/** A process may end, or belong to somebody else, while it is looked at. */
function orEmpty(reading: Promise<string>): Promise<string> {
  return reading.catch(() => '');
}
