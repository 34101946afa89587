import { glob, stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';

export interface FoundFiles {
  /** Absolute paths; of a rotated set the oldest first. */
  readonly files: readonly string[];
  /** What was asked for and matches nothing, or is no file. */
  readonly missing: readonly string[];
}

/** The files of the given names and patterns, each once. Never throws. */
export async function findFiles(patterns: readonly string[], cwd: string): Promise<FoundFiles> {
  const files = new Set<string>();
  const missing: string[] = [];
  for (const pattern of patterns) {
    const matches = await filesOf(pattern, cwd);
    if (matches.length === 0) missing.push(pattern);
    for (const match of matches) files.add(match);
  }
  return { files: inRotation([...files]), missing };
}

async function filesOf(pattern: string, cwd: string): Promise<string[]> {
  const path = isAbsolute(pattern) ? pattern : resolve(cwd, pattern);
  // A name is tried as it is before its signs mean anything.
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() === true) return [path];
  const inside = info?.isDirectory() === true ? `${path}/*` : path;
  const files: string[] = [];
  try {
    for await (const match of glob(inside)) {
      const found = await stat(match).catch(() => undefined);
      if (found?.isFile() === true) files.push(match);
    }
  } catch {
    return files;
  }
  return files;
}

interface Rotated {
  readonly path: string;
  readonly base: string;
  /** Smaller is older. */
  readonly age: number;
}

/** Orders `access.log.10.gz`, `access.log.2`, `access.log`, and `access.log-20260101` before its successors. */
export function inRotation(paths: readonly string[]): string[] {
  return paths
    .map(placeOf)
    .sort((a, b) =>
      a.base < b.base ? -1 : a.base > b.base ? 1 : a.age - b.age || (a.path < b.path ? -1 : 1),
    )
    .map(({ path }) => path);
}

function placeOf(path: string): Rotated {
  const plain = path.replace(/\.(gz|zst)$/, '');
  const dated = /^(.*?)[.-](\d{4}-?\d{2}-?\d{2}(?:[-T_]?\d{2,6})?)(\.log)?$/.exec(plain);
  if (dated !== null) {
    const age = Number((dated[2] ?? '').replaceAll(/\D/g, '').padEnd(14, '0')) - 1e15;
    return { path, base: `${dated[1]}${dated[3] ?? ''}`, age };
  }
  const numbered = /^(.*)\.(\d{1,4})$/.exec(plain);
  return numbered === null
    ? { path, base: plain, age: 1 }
    : { path, base: numbered[1] ?? plain, age: -Number(numbered[2]) };
}
