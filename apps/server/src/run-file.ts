import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What others read to find a running server. */
export interface RunFile {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  readonly version: string;
  /** RFC 3339. */
  readonly startedAt: string;
}

export function runFilePath(home: string): string {
  return join(home, 'run', 'server.json');
}

/** Written whole or not at all. */
export async function writeRunFile(home: string, content: RunFile): Promise<void> {
  const path = runFilePath(home);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${content.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify(content)}\n`);
  await rename(draft, path);
}

/** Removes the file, unless another server has written its own in the meantime. */
export async function removeRunFile(home: string, pid: number): Promise<void> {
  const path = runFilePath(home);
  const text = await readFile(path, 'utf8').catch(() => '{}');
  if ((JSON.parse(text) as Partial<RunFile>).pid === pid) await rm(path, { force: true });
}
