import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { allWorkspaces, readProject } from '../scripts/architecture/project.ts';

const ROOT = join(import.meta.dirname, '..');

const project = await readProject(ROOT);
const declared = allWorkspaces(project).flatMap(({ directory, manifest }) =>
  Object.entries({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
    ...manifest.devDependencies,
  }).map(([name, version]) => ({ name, version, where: `${directory || '.'}/package.json` })),
);

/** The packages in backticks in the first column of the tables. */
function documentedPackages(markdown: string): string[] {
  const cells = markdown.split('\n').flatMap(line => /^\| (`.*?) \|/.exec(line)?.[1] ?? []);
  return cells.flatMap(cell => [...cell.matchAll(/`([^`]+)`/g)].map(match => match[1] ?? ''));
}

test('docs/decisions/dependencies.md lists the dependencies of every package.json, and no others', async () => {
  const external = declared.map(({ name }) => name).filter(name => !name.startsWith('@holdfast/'));
  const documented = documentedPackages(await readFile(join(ROOT, 'docs/decisions/dependencies.md'), 'utf8'));
  assert.deepEqual([...new Set(documented)].sort(), [...new Set(external)].sort());
});

test('versions are exact', () => {
  const loose = declared.filter(({ version }) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
  assert.deepEqual(loose, []);
});

test('a package has the same version wherever it is declared, also in the benchmarks', () => {
  const versions = Map.groupBy(declared, ({ name }) => name);
  const different = [...versions.values()].filter(
    uses => new Set(uses.map(({ version }) => version)).size > 1,
  );
  assert.deepEqual(different, []);
});
