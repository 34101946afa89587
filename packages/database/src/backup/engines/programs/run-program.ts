import { type ChildProcess, spawn } from 'node:child_process';
import { HoldfastError } from '@holdfast/core';
import { endGroup } from './end-group.ts';

export interface RunOptions {
  readonly file: string;
  readonly args: readonly string[];
  /** Whole; nothing is added to it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A program that ended with another status than 0. */
export interface ProgramFailure {
  readonly status: number | null;
  /** The end of what it wrote to stderr. */
  readonly said: string;
}

const KEPT_STDERR = 16_384;
const KEPT_STDOUT = 64 * 1024 ** 2;

/** Runs a program and reads its whole (small) output. Throws `backup_failed` with what it said, and the signal's reason. */
export async function runProgram(options: RunOptions): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of programOutput(options)) {
    bytes += chunk.byteLength;
    if (bytes > KEPT_STDOUT) throw new HoldfastError('backup_failed', `${options.file} wrote too much.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * What a program writes to stdout, as it comes; fails at the end unless its exit status was 0. Whoever stops reading ends it. However
 * it ends, nothing that it has started runs any more.
 */
export async function* programOutput(options: RunOptions): AsyncGenerator<Buffer, void, undefined> {
  const { file, args, environment, cwd, signal } = options;
  signal?.throwIfAborted();
  // a group of its own: what it starts is ended and waited for with it
  const child = spawn(file, args, {
    env: environment,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = Promise.withResolvers<number | null>();
  child.once('error', error => ended.reject(cannotRun(file, error)));
  child.once('close', code => ended.resolve(code));
  ended.promise.catch(() => undefined);
  const said = keepEnd(child);
  let ending: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    ending ??= child.pid === undefined ? undefined : endGroup(child.pid);
    await ending;
  };
  const stop = (): void => void end();
  child.once('exit', stop);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const status = await ended.promise;
    signal?.throwIfAborted();
    if (status !== 0) throw failed(file, { status, said: said() });
  } finally {
    signal?.removeEventListener('abort', stop);
    await end();
  }
}

function keepEnd(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEPT_STDERR);
  });
  return () => text.trim();
}

function failed(file: string, failure: ProgramFailure): HoldfastError {
  const { status, said } = failure;
  const how = status === null ? 'was killed' : `ended with status ${status}`;
  return new HoldfastError('backup_failed', `${file} ${how}: ${said === '' ? 'it did not say why' : said}`, {
    details: { program: file, ...failure },
  });
}

function cannotRun(file: string, cause: unknown): HoldfastError {
  return new HoldfastError('backup_not_possible', `${file} cannot be run.`, { cause });
}
