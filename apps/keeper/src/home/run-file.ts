import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** What a running part says about itself in `run/`. */
export interface RunFile {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  readonly version: string;
  readonly startedAt: string;
}

/** Parsed JSON of a small file; undefined when it is absent, unreadable or half-written. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The run file at `path`; undefined when there is none or it is not one. */
export function readRunFile(path: string): RunFile | undefined {
  const value = readJson(path);
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, url, port } = value as Partial<RunFile>;
  return typeof pid === 'number' && typeof url === 'string' && typeof port === 'number'
    ? (value as RunFile)
    : undefined;
}

/** Replaces a small JSON file as a whole: a reader sees the old or the new text, never half of it. */
export function writeJson(path: string, value: unknown): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** Removes a file that nothing depends on; one that cannot be removed stays. */
export function removeLeftover(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // a read-only disk is no reason to stop
  }
}

/** Removes a run file if it belongs to this pid. */
export function removeRunFile(path: string, pid: number): void {
  if (readRunFile(path)?.pid === pid) rmSync(path, { force: true });
}
