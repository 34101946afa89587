import { glob, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DependencyFinding } from './audit.ts';
import { type PackageTree, type Project, resolveFrom } from './package-tree.ts';

const TEXTS =
  '**/*.{js,cjs,mjs,jsx,ts,cts,mts,tsx,vue,svelte,astro,html,css,scss,sass,less,json,jsonc,json5,yaml,yml,toml,md,mdx,sh,graphql,prisma}';
const HIDDEN = '**/.*{rc,rc.*,.js,.json,.yaml,.yml}';
const EXCLUDED = [
  '**/node_modules/**',
  '**/dist/**',
  '**/build/**',
  '**/.git/**',
  '**/package-lock.json',
  '**/npm-shrinkwrap.json',
  '**/package.json',
];
const MAX_FILES = 20_000;
const MAX_BYTES = 1_000_000;

/** Declared packages that no text of the project mentions, or why that could not be found out. */
export async function findUnused(
  root: string,
  tree: PackageTree,
  signal: AbortSignal,
): Promise<DependencyFinding[] | { readonly limit: string }> {
  const wanted = new Set(tree.projects.flatMap(({ manifest }) => Object.keys(manifest.dependencies)));
  const mentioned = new Set(tree.projects.flatMap(project => inScripts(tree, project)));
  let files = 0;
  for await (const file of glob([TEXTS, HIDDEN], { cwd: root, exclude: EXCLUDED })) {
    if (mentioned.size >= wanted.size && [...wanted].every(name => mentioned.has(name))) return [];
    if (signal.aborted || ++files > MAX_FILES)
      return { limit: 'There was no time to look for dependencies that nothing uses.' };
    const path = join(root, file);
    const { size } = await stat(path).catch(() => ({ size: Number.POSITIVE_INFINITY }));
    const text = size > MAX_BYTES ? '' : await readFile(path, 'utf8').catch(() => '');
    for (const name of wanted) if (!mentioned.has(name) && text.includes(name)) mentioned.add(name);
  }
  const peers = new Set(
    [...tree.copies.values()].flatMap(({ manifest }) => Object.keys(manifest.peerDependencies)),
  );
  return tree.projects.flatMap(({ path, manifest }) =>
    Object.keys(manifest.dependencies)
      .filter(name => !mentioned.has(name) && !peers.has(name) && !name.startsWith('@types/'))
      .map(name => unused(name, path)),
  );
}

/** Names in scripts, and packages of which a script calls a program. */
function inScripts(tree: PackageTree, { path, manifest }: Project): string[] {
  const text = Object.values(manifest.scripts).join('\n');
  const words = new Set(text.split(/[\s;&|"'=()]+/));
  return Object.keys(manifest.dependencies).filter(name => {
    const binaries = resolveFrom(tree, path, name)?.manifest.binaries ?? [];
    return text.includes(name) || binaries.some(binary => words.has(binary));
  });
}

function unused(name: string, path: string): DependencyFinding {
  const where = path === '.' ? 'package.json' : `${path}/package.json`;
  return {
    kind: 'unused',
    severity: 'note',
    package: name,
    versions: [],
    where: [where],
    summary: `${where} asks for ${name}, which no file of the project mentions.`,
    why: 'It is installed, loaded onto every machine and watched for vulnerabilities for nothing.',
    remedy: `Look whether something uses it in a way that a search cannot see; if not: npm uninstall ${name}.`,
  };
}
