import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Something that was done to a backup, and what a verification must say of it. */
export interface Damage {
  readonly what: string;
  /** `code path` of each problem, sorted; nothing else may be said. */
  readonly expected: readonly string[];
  undo(): Promise<void>;
}

const MANIFEST = 'manifest.json';

/** What is said of a file whose content is another one of the same, or another length. */
function foundAs(path: string, change: 'content' | 'length'): string {
  if (path === MANIFEST) return `manifest_edited ${path}`;
  if (path.startsWith('validations/')) return `altered_validation ${path}`;
  return `${change === 'content' ? 'wrong_hash' : 'wrong_size'} ${path}`;
}

/** Several that do not hide one another. */
export async function together(damages: readonly (() => Promise<Damage>)[]): Promise<Damage> {
  const done: Damage[] = [];
  for (const damage of damages) done.push(await damage());
  return {
    what: done.map(({ what }) => what).join('; '),
    expected: done.flatMap(({ expected }) => expected).sort(),
    undo: async () => {
      for (const { undo } of done.toReversed()) await undo();
    },
  };
}

export interface Flip {
  readonly path: string;
  readonly offset: number;
  /** What is changed of the byte: not 0. */
  readonly bits: number;
}

/** Changes one byte in each of several files. */
export async function flipBytes(root: string, flips: readonly Flip[]): Promise<Damage> {
  const flipAll = async (): Promise<void> => {
    for (const { path, offset, bits } of flips) {
      const file = await open(join(root, path), 'r+');
      try {
        const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
        await file.write(Buffer.from([(buffer[0] ?? 0) ^ bits]), 0, 1, offset);
      } finally {
        await file.close();
      }
    }
  };
  await flipAll();
  return {
    what: flips.map(({ path, offset, bits }) => `${path} at ${offset} xor ${bits}`).join(', '),
    expected: flips.map(({ path }) => foundAs(path, 'content')).sort(),
    undo: flipAll,
  };
}

/** Leaves so many bytes of a file, fewer than it has. */
export async function truncate(root: string, path: string, bytes: number): Promise<Damage> {
  const content = await readFile(join(root, path));
  await writeFile(join(root, path), content.subarray(0, bytes));
  return {
    what: `${path} cut to ${bytes} of ${content.length}`,
    expected: [foundAs(path, 'length')],
    undo: () => writeFile(join(root, path), content),
  };
}

export async function removeFile(root: string, path: string): Promise<Damage> {
  const aside = `${root}.${path.replaceAll('/', '-')}`;
  await rename(join(root, path), aside);
  return {
    what: `${path} removed`,
    expected: [`${path === MANIFEST ? 'missing_manifest' : 'missing_file'} ${path}`],
    undo: () => rename(aside, join(root, path)),
  };
}

/** Two files with different content, the manifest and the records not among them. */
export async function swapFiles(root: string, one: string, other: string): Promise<Damage> {
  const swap = async (): Promise<void> => {
    const aside = `${root}.aside`;
    await rename(join(root, one), aside);
    await rename(join(root, other), join(root, one));
    await rename(aside, join(root, other));
  };
  const sizes = await Promise.all([one, other].map(async path => (await readFile(join(root, path))).length));
  await swap();
  const change = sizes[0] === sizes[1] ? 'content' : 'length';
  return {
    what: `${one} and ${other} swapped`,
    expected: [foundAs(one, change), foundAs(other, change)].sort(),
    undo: swap,
  };
}

export async function addFile(root: string, path: string): Promise<Damage> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), 'not of this backup');
  return {
    what: `${path} added`,
    expected: [path.startsWith('validations/') ? foundAs(path, 'content') : `extra_file ${path}`],
    undo: async () => {
      await rm(join(root, path));
      const left = await readdir(dirname(join(root, path)));
      if (left.length === 0) await rmdir(dirname(join(root, path)));
    },
  };
}

/** What somebody may want the manifest to say instead. */
export const EDITS: Readonly<Record<string, (manifest: Manifest) => void>> = {
  'a count': manifest => {
    const table = manifest.databases.flatMap(({ tables }) => tables).find(({ rows }) => rows > 0);
    if (table !== undefined) table.rows += 1;
  },
  'a checksum': manifest => {
    const [file] = manifest.files;
    if (file !== undefined) file.sha256 = file.sha256.replace(/^./, first => (first === '0' ? '1' : '0'));
  },
  'a path': manifest => {
    const [file] = manifest.files;
    if (file !== undefined) file.path = `other-${file.path}`;
  },
  'a date': manifest => {
    manifest.createdAt = '2020-01-01T00:00:00.000Z';
  },
  'the engine': manifest => {
    manifest.engine = manifest.engine === 'logical' ? 'physical' : 'logical';
  },
};

interface Manifest {
  engine: string;
  createdAt: string;
  sha256: string;
  seal?: unknown;
  readonly files: { path: string; sha256: string }[];
  readonly databases: { readonly tables: { rows: number }[] }[];
}

/** Edits the manifest and writes it as a writer would; forged, its hash fits as well, and only the seal tells. */
export async function editManifest(
  root: string,
  edit: keyof typeof EDITS,
  hash: 'left' | 'forged',
): Promise<Damage> {
  const path = join(root, MANIFEST);
  const written = await readFile(path, 'utf8');
  const manifest = JSON.parse(written) as Manifest;
  EDITS[edit]?.(manifest);
  if (hash === 'forged') {
    const { sha256: _, seal: __, ...rest } = manifest;
    manifest.sha256 = createHash('sha256').update(sortedJson(rest)).digest('hex');
  }
  const lines = Object.entries(manifest).map(
    ([name, value]) => `${JSON.stringify(name)}: ${sortedJson(value)}`,
  );
  const edited = `{\n${lines.join(',\n')}\n}\n`;
  if (edited === written) throw new Error(`${edit} was not edited`);
  await writeFile(path, edited);
  return {
    what: `${edit} in the manifest edited, its hash ${hash}`,
    expected: [`manifest_edited ${MANIFEST}`],
    undo: () => writeFile(path, written),
  };
}

/** As docs/backups.md tells everybody to write it. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${sortedJson(inner)}`).join(',')}}`;
}
