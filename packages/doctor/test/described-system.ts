import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type OtherTarget, resolveOtherTarget, takeSystemSnapshot } from '../src/index.ts';

/** A system of another make, known by a configuration and a snapshot in a directory of its own. */
export interface DescribedSystem {
  readonly directory: string;
  /** With these variables alone; by default those of the description. */
  resolve(variables?: Readonly<Record<string, string>>): Promise<OtherTarget>;
  /** Records what is there now as what is expected. */
  snapshot(): Promise<void>;
  remove(): Promise<void>;
}

export interface Description {
  /** As a role that may read every table. */
  readonly url: string;
  /** The name and the text of the configuration. */
  readonly config: readonly [name: string, text: string];
  readonly variables: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes the configuration, and a snapshot of the system as it is. Whoever describes it removes it. */
export async function describeSystem({
  url,
  config: [name, text],
  variables: described,
  files = {},
}: Description): Promise<DescribedSystem> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-other-'));
  for (const [file, content] of Object.entries({ ...files, [name]: text }))
    await writeFile(join(directory, file), content);
  const system: DescribedSystem = {
    directory,
    resolve: async (variables = described) =>
      resolveOtherTarget(await loadConfig(join(directory, name)), variables),
    snapshot: async () => {
      const snapshot = await takeSystemSnapshot({
        url,
        takenAt: new Date().toISOString(),
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
      await writeFile(join(directory, 'holdfast.snapshot.json'), JSON.stringify(snapshot));
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
  await system.snapshot();
  return system;
}
