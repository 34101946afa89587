import { readFile } from 'node:fs/promises';

/** What a running part says about itself in `run/`. */
export interface RunFile {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** The run file at `path`; undefined when there is none or it is not one. */
export async function readRunFile(path: string): Promise<RunFile | undefined> {
  try {
    const { pid, url, port, startedAt } = JSON.parse(await readFile(path, 'utf8')) as Partial<RunFile>;
    if (typeof pid !== 'number' || typeof url !== 'string' || typeof port !== 'number') return undefined;
    return URL.canParse(url) ? { pid, url, port, startedAt: startedAt ?? 'at an unknown time' } : undefined;
  } catch {
    return undefined;
  }
}
