import { errorMessage, HoldfastError } from '@holdfast/core';
import type { BackupRepository, BackupWriter } from '../backup-repository.ts';
import type { BackupFile, BackupManifest } from '../manifest.ts';
import { splitStream } from './split-stream.ts';

/** What became of a backup at one destination. */
export type Outcome =
  | { readonly repository: BackupRepository; readonly kind: 'made'; readonly manifest: BackupManifest }
  | { readonly repository: BackupRepository; readonly kind: 'failed'; readonly error: unknown };

/** Writes one backup to several destinations at once. One that fails is left out, and the others go on. */
export interface TeeWriter extends BackupWriter {
  readonly outcomes: () => readonly Outcome[];
}

interface Target {
  readonly repository: BackupRepository;
  readonly writer: BackupWriter;
}

/** Begins everywhere; throws when no destination lets it. */
export async function beginEverywhere(
  repositories: readonly BackupRepository[],
  id: string,
): Promise<TeeWriter> {
  const outcomes = new Map<BackupRepository, Outcome>();
  const targets = new Set<Target>();
  const fail = (repository: BackupRepository, error: unknown): void => {
    outcomes.set(repository, { repository, kind: 'failed', error });
  };
  const drop = async (target: Target, error: unknown): Promise<void> => {
    targets.delete(target);
    fail(target.repository, error);
    // what cannot be written to may not let anything be removed either; the next run sweeps
    await target.writer.abandon().catch(() => undefined);
  };
  for (const repository of repositories) {
    try {
      targets.add({ repository, writer: await repository.begin(id) });
    } catch (error) {
      fail(repository, error);
    }
  }
  const assertLeft = (): void => {
    if (targets.size === 0) throw nowhere([...outcomes.values()]);
  };
  assertLeft();
  return {
    id,
    write: async (path, data, form) => {
      const file = await writeAll([...targets], path, data, form, drop);
      assertLeft();
      if (file === undefined) throw new HoldfastError('internal', `Nobody wrote ${path}`);
      return file;
    },
    commit: async manifest => {
      let made: BackupManifest | undefined;
      for (const target of [...targets]) {
        try {
          const sealed = await target.writer.commit(manifest);
          made ??= sealed;
          outcomes.set(target.repository, { repository: target.repository, kind: 'made', manifest: sealed });
        } catch (error) {
          await drop(target, error);
        }
      }
      if (made === undefined) throw nowhere([...outcomes.values()]);
      return made;
    },
    abandon: async () => {
      await Promise.allSettled([...targets].map(({ writer }) => writer.abandon()));
    },
    outcomes: () => repositories.flatMap(repository => outcomes.get(repository) ?? []),
  };
}

async function writeAll(
  targets: readonly Target[],
  path: string,
  data: AsyncIterable<Uint8Array>,
  form: 'stored' | 'original' | undefined,
  drop: (target: Target, error: unknown) => Promise<void>,
): Promise<BackupFile | undefined> {
  const source = { failure: undefined as { readonly error: unknown } | undefined };
  const branches = splitStream(remembering(data, source), targets.length);
  const write = async (target: Target, index: number): Promise<BackupFile | undefined> => {
    const branch = branches[index];
    if (branch === undefined) return undefined;
    try {
      return await target.writer.write(path, branch.data, form);
    } catch (error) {
      await branch.leave();
      if (source.failure === undefined) await drop(target, error);
      return undefined;
    }
  };
  const files = await Promise.all(targets.map(write));
  if (source.failure !== undefined) throw source.failure.error;
  return files.find(file => file !== undefined);
}

/** What the server fails with is no fault of a destination. */
async function* remembering(
  data: AsyncIterable<Uint8Array>,
  source: { failure: { readonly error: unknown } | undefined },
): AsyncGenerator<Uint8Array> {
  try {
    yield* data;
  } catch (error) {
    source.failure = { error };
    throw error;
  }
}

function nowhere(outcomes: readonly Outcome[]): unknown {
  const failures = outcomes.flatMap(outcome => (outcome.kind === 'failed' ? [outcome] : []));
  const [only] = failures;
  if (failures.length === 1 && only !== undefined) return only.error;
  const reasons = failures.map(
    ({ repository, error }) => `${repository.destination.name}: ${errorMessage(error)}`,
  );
  return new HoldfastError(
    'backup_destination_failed',
    `No destination took the backup. ${reasons.join(' ')}`,
    {
      cause: only?.error,
    },
  );
}
