import { cp, glob, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublishablePackage } from './publishable.ts';
import { runCommand } from './run-command.ts';

/**
 * Compiles src/ to dist/ as JavaScript with declarations and copies what is not TypeScript (pages, templates). The
 * packages it depends on have to be compiled before: their declarations are read from dist/, as a consumer does.
 */
export async function compile(root: string, { directory }: PublishablePackage): Promise<void> {
  const source = join(directory, 'src');
  const output = join(directory, 'dist');
  await rm(output, { recursive: true, force: true });
  const scratch = await mkdtemp(join(tmpdir(), 'holdfast-build-'));
  try {
    const config = join(scratch, 'tsconfig.json');
    await writeFile(config, JSON.stringify(compilerConfig(root, source, output)));
    await runCommand(join(root, 'node_modules/.bin/tsc'), ['-p', config], root);
  } finally {
    await rm(scratch, { recursive: true });
  }
  await copyAssets(source, output);
}

function compilerConfig(root: string, source: string, output: string) {
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      customConditions: [],
      rootDir: source,
      outDir: output,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [source],
    exclude: [join(source, '**/*.test.ts')],
  };
}

async function copyAssets(source: string, output: string): Promise<void> {
  for await (const entry of glob('**/*', { cwd: source, withFileTypes: true })) {
    if (!entry.isFile() || /\.tsx?$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    await cp(path, join(output, path.slice(source.length)));
  }
}
