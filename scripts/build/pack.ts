import { access, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PackageManifest, type PublishablePackage, publishedManifest } from './publishable.ts';
import { runCommand } from './run-command.ts';

/** Packs one compiled package into `destination` and answers the path of the tarball. */
export async function pack(
  root: string,
  { directory, manifest }: PublishablePackage,
  destination: string,
): Promise<string> {
  const staging = await mkdtemp(join(tmpdir(), 'holdfast-pack-'));
  try {
    await writeFile(
      join(staging, 'package.json'),
      `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`,
    );
    for (const part of manifest.files ?? []) {
      await cp(join(directory, part), join(staging, part), { recursive: true });
    }
    await cp(join(root, 'LICENSE'), join(staging, 'LICENSE'));
    await writeReadme(root, directory, manifest, staging);
    await mkdir(destination, { recursive: true });
    const output = await runCommand('npm', ['pack', '--json', '--pack-destination', destination], staging);
    return join(destination, tarballName(output));
  } finally {
    await rm(staging, { recursive: true });
  }
}

/** The package's own README; the CLI carries the one of the project; the others get three lines that lead there. */
async function writeReadme(
  root: string,
  directory: string,
  manifest: PackageManifest,
  staging: string,
): Promise<void> {
  const own = [join(directory, 'README.md'), ...(manifest.bin ? [join(root, 'README.md')] : [])];
  for (const candidate of own) {
    if (await exists(candidate)) return await cp(candidate, join(staging, 'README.md'));
  }
  const text = `# ${manifest.name}\n\n${manifest.description}\n\nA part of Holdfast; its documentation comes with \`@holdfast/cli\`.\n`;
  await writeFile(join(staging, 'README.md'), text);
}

/** npm answers a list of packed packages, or since npm 11 an object by name. */
function tarballName(output: string): string {
  const [packed] = Object.values(JSON.parse(output) as Record<string, { filename: string }>);
  if (!packed) throw new Error(`npm pack named no tarball: ${output}`);
  return packed.filename;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
