import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Forgets what a copied state directory says about running processes: they belong to the original, and whoever acted on
 * it would stop a stranger. A directory that was moved stays itself; without a mark it is taken for its own.
 */
export async function discardCopiedRun(home: string): Promise<void> {
  const run = join(home, 'run');
  const [mark, here] = await Promise.all([
    readFile(join(run, 'home'), 'utf8').catch(() => undefined),
    identityOf(home),
  ]);
  if (mark !== undefined && here !== undefined && mark !== here)
    await rm(run, { recursive: true, force: true });
}

/** Notes which directory `run/` belongs to. */
export async function markHome(home: string): Promise<void> {
  const run = join(home, 'run');
  await mkdir(run, { recursive: true });
  await writeFile(join(run, 'home'), (await identityOf(home)) ?? '', { mode: 0o600 });
}

/** What a copy does not share with its original. */
async function identityOf(home: string): Promise<string | undefined> {
  const found = await stat(home).catch(() => undefined);
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}
