import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

type Fields = Readonly<Record<string, unknown>>;

/** Files by path; objects are written as JSON. */
export type Tree = Readonly<Record<string, string | Fields>>;

/** Writes a project into a directory of its own that the test removes. */
export async function projectOf(t: TestContext, tree: Tree): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-dependencies-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(tree)) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return directory;
}

/** npm's lock of a root package.json and of what lies at some paths. */
export function lockOf(root: Fields, packages: Readonly<Record<string, Fields>>): Fields {
  const from = (path: string, { link, version }: Fields): Fields =>
    link === true || !path.includes('node_modules/')
      ? {}
      : {
          resolved: `https://registry.npmjs.org/${path.split('node_modules/').at(-1)}/-/x-${String(version)}.tgz`,
        };
  const entries = Object.entries(packages).map(([path, fields]) => [
    path,
    { ...from(path, fields), ...fields },
  ]);
  return { name: root.name, lockfileVersion: 3, packages: { '': root, ...Object.fromEntries(entries) } };
}

/** The package.json files that npm would have installed for a lock. */
export function installedOf(packages: Readonly<Record<string, Fields>>): Tree {
  return Object.fromEntries(
    Object.entries(packages).map(([path, fields]) => [
      `${path}/package.json`,
      { name: path.split('node_modules/').at(-1), ...fields },
    ]),
  );
}

export interface Registry {
  readonly url: string;
  /** The bodies of the questions. */
  readonly asked: readonly unknown[];
}

/** A registry on a port of its own that answers every question for advisories alike, or hangs. */
export async function registryOf(
  t: TestContext,
  answer: { status: number; body: string } | 'hangs',
): Promise<Registry> {
  const asked: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    asked.push({ path: request.url, body: JSON.parse(Buffer.concat(chunks).toString()) });
    if (answer !== 'hangs')
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
