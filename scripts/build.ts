/**
 * `npm run build [-- DIRECTORY]`: compiles every published package to its dist/ and packs them all into DIRECTORY (dist/),
 * ready for `npm publish <tarball>`. Sources never need it: it is for releases.
 */
import { cp, glob, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { compile } from './build/compile.ts';
import { pack } from './build/pack.ts';
import { type PublishablePackage, publishablePackages } from './build/publishable.ts';

const ROOT = join(import.meta.dirname, '..');
const TARBALLS = resolve(process.argv[2] ?? join(ROOT, 'dist'));

for await (const old of glob('*.tgz', { cwd: TARBALLS })) await rm(join(TARBALLS, old));
const packages = await publishablePackages(ROOT);
for (const item of packages) await build(item);
for (const item of packages) console.log(await pack(ROOT, item, TARBALLS));

async function build(item: PublishablePackage): Promise<void> {
  await compile(ROOT, item);
  if (item.manifest.name === '@holdfast/database') {
    for (const directory of ['migrations', 'seeds']) {
      await cp(join(ROOT, directory), join(item.directory, 'dist', directory), { recursive: true });
    }
  }
}
