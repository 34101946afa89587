import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const FIXTURES = join(import.meta.dirname, 'fixtures');

/** The files of a fixture: one text, in which `== path` begins a file. What comes before the first says what it is. */
export async function fixtureFiles(name: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(FIXTURES, `${name}.txt`), 'utf8');
  const [, ...parts] = text.split(/^== /m);
  return new Map(
    parts.map(part => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1)] as const;
    }),
  );
}

/** What must be found in a fixture, line by line. */
export async function fixtureExpectation(name: string): Promise<readonly string[]> {
  const text = await readFile(join(FIXTURES, `${name}.expected.txt`), 'utf8');
  return text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
}

/** Writes files into a directory of their own, hands it to `use` and removes it. */
export async function inTree<T>(
  files: ReadonlyMap<string, string>,
  use: (root: string) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'hf-frontend-'));
  try {
    for (const [path, text] of files) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    return await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
