import type { SourceScan } from './scan-source.ts';

/**
 * The files that have to be looked at: those that ask something, those that lead to one of them through imports, and
 * those with something that is looked at wherever it stands. Every other file is only read when one of these needs a value of it.
 */
export function findEntries(
  scans: ReadonlyMap<string, SourceScan>,
  resolve: (from: string, request: string) => string | undefined,
): readonly string[] {
  const importers = new Map<string, string[]>();
  for (const [path, { imports }] of scans)
    for (const request of imports) {
      const target = resolve(path, request);
      if (target === undefined) continue;
      const known = importers.get(target);
      if (known === undefined) importers.set(target, [path]);
      else known.push(path);
    }
  const found = new Set([...scans].flatMap(([path, { asks }]) => (asks ? [path] : [])));
  for (const path of found) for (const importer of importers.get(path) ?? []) found.add(importer);
  return [...scans].flatMap(([path, { marked }]) => (marked || found.has(path) ? [path] : []));
}
