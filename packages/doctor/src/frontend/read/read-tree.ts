import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { errorMessage } from '@holdfast/core';
import { findEntries } from './find-entries.ts';
import { type LeftOutReason, listSources } from './list-sources.ts';
import type { ModuleFacts } from './module-facts.ts';
import { type BrokenFile, ModuleStore } from './module-store.ts';
import { readSettings, type TreeSettings } from './read-settings.ts';
import { resolveImport } from './resolve-import.ts';
import { scanSource } from './scan-source.ts';

export interface SourceModules {
  /** Every module of the tree, parsed when it is asked for. */
  readonly store: ModuleStore;
  /** The modules that can hold calls or something that the checks look at. */
  readonly entries: readonly ModuleFacts[];
  /** How many source files there are. */
  readonly files: number;
  readonly settings: TreeSettings;
  readonly leftOut: Readonly<Record<LeftOutReason, number>>;
  readonly resolve: (from: string, request: string) => string | undefined;
}

const BATCH = 64;

/** Reads a source tree and parses what matters of it. Rejects when its root cannot be read or `signal` is aborted. */
export async function readTree(
  root: string,
  onProgress: (done: number, all: number) => void,
  signal: AbortSignal | undefined,
): Promise<SourceModules> {
  const { sources, settings: paths, leftOut } = await listSources(root);
  const [settings, { texts, unreadable }] = await Promise.all([
    readSettings(root, paths),
    readTexts(root, sources, signal),
  ]);
  const resolve = resolver({ ...settings, files: new Set(texts.keys()) });
  const scans = new Map([...texts].map(([path, text]) => [path, scanSource(text)]));
  const wanted = findEntries(scans, resolve);
  const store = new ModuleStore(texts, unreadable);
  const entries: ModuleFacts[] = [];
  for (const [index, path] of wanted.entries()) {
    if (index % BATCH === 0) {
      onProgress(index, wanted.length);
      await setImmediate();
      signal?.throwIfAborted();
    }
    const module = store.get(path);
    if (module !== undefined) entries.push(module);
  }
  return { store, entries, files: sources.length, settings, leftOut, resolve };
}

async function readTexts(
  root: string,
  sources: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ readonly texts: ReadonlyMap<string, string>; readonly unreadable: readonly BrokenFile[] }> {
  const texts = new Map<string, string>();
  const unreadable: BrokenFile[] = [];
  for (const [index, path] of sources.entries()) {
    if (index % BATCH === 0) {
      await setImmediate();
      signal?.throwIfAborted();
    }
    try {
      // A promise for each small file costs five times as much as to read it.
      texts.set(path, readFileSync(join(root, path), 'utf8'));
    } catch (error) {
      unreadable.push({ path, message: errorMessage(error) });
    }
  }
  return { texts, unreadable };
}

/** Remembers where each import of a directory leads. */
function resolver(settings: Parameters<typeof resolveImport>[0]): SourceModules['resolve'] {
  const known = new Map<string, string | undefined>();
  return (from, request) => {
    const key = `${from.slice(0, from.lastIndexOf('/'))}\n${request}`;
    if (!known.has(key)) known.set(key, resolveImport(settings, from, request));
    return known.get(key);
  };
}
