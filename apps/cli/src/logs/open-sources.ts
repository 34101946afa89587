import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorMessage } from '@holdfast/core';
import { fileSource, findFiles, type LogSource } from '@holdfast/doctor/logs';

export interface OpenSources extends AsyncDisposable {
  readonly sources: readonly LogSource[];
  /** What was named and could not be opened, with the reason. */
  readonly problems: readonly string[];
}

/**
 * Opens the files of names and patterns; `-` is standard input, which is kept in a private temporary file until disposed:
 * where its newest line is shows only at its end, and what stands out is read again.
 */
export async function openSources(
  names: readonly string[],
  cwd: string,
  stdin: Readable,
): Promise<OpenSources> {
  const { files, missing } = await findFiles(
    names.filter(name => name !== '-'),
    cwd,
  );
  const problems = missing.map(name => `${name}: no such file`);
  const sources: LogSource[] = [];
  const directory = names.includes('-') ? await mkdtemp(join(tmpdir(), 'holdfast-logs-')) : undefined;
  const dispose = async () => {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  };
  try {
    if (directory !== undefined) sources.push(await keep(stdin, join(directory, 'stdin')));
  } catch (error) {
    await dispose();
    throw error;
  }
  for (const file of files) {
    try {
      sources.push(await fileSource(file));
    } catch (error) {
      problems.push(`${file}: ${errorMessage(error)}`);
    }
  }
  return { sources, problems, [Symbol.asyncDispose]: dispose };
}

async function keep(stdin: Readable, path: string): Promise<LogSource> {
  await pipeline(stdin, createWriteStream(path, { mode: 0o600 }));
  return { ...(await fileSource(path)), name: '-' };
}
