import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Diagnosis } from '@holdfast/doctor';
import { sql } from '@holdfast/postgres';
import {
  type FaultInjection,
  type SecondStack,
  type Stack,
  startSecondStack,
  startStack,
} from '@holdfast/testing';
import { askDoctor, runProgram } from './ask-doctor.ts';
import { type Place, settle } from './settle.ts';

/** Where the screens are taken: a Holdfast and a shop that is none, both running. */
export interface Stage {
  /** What the doctor says about the Holdfast while it is broken; it is mended afterwards. */
  ofHoldfast(...faults: readonly FaultInjection[]): Promise<Diagnosis>;
  /** The same as seen from a machine that has only the URLs. */
  fromOutside(fault: FaultInjection): Promise<Diagnosis>;
  /** What the doctor says about the shop while `damage` lasts. */
  ofShop(damage: (shop: SecondStack) => Promise<() => Promise<void>>): Promise<Diagnosis>;
  /** What the doctor says about the sources of a frontend. */
  ofSources(files: Readonly<Record<string, string>>): Promise<Diagnosis>;
  close(): Promise<void>;
}

const PASSWORD = 'Quiet-Lantern-Over-Fjord-77';
const SHOP = 'shop';

export async function setStage(): Promise<Stage> {
  const stack = await startStack();
  const directory = await mkdtemp(join(tmpdir(), 'hf-screens-'));
  let shop: SecondStack | undefined;
  const close = async (): Promise<void> => {
    await shop?.close();
    await stack.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await signIn(stack, 'ada@example.com');
    await stack.saveDatabase();
    return {
      ofHoldfast: (...faults) =>
        during(stack, faults, async () => {
          const { home } = stack;
          const args = ['--home', home, '--env-file', join(home, 'stack.env')];
          return settle(await askDoctor(args, directory), placesOf(stack));
        }),
      fromOutside: fault => {
        const { url } = stack.server;
        return during(stack, [fault], async () => {
          const args = [
            '--home',
            directory,
            '--no-env-file',
            '--api-url',
            url,
            '--database-url',
            stack.cluster.appUrl,
          ];
          return settle(await askDoctor(args, directory), [...placesOf(stack), [directory, '/home/ada']]);
        });
      },
      ofShop: async damage => {
        shop ??= await openShop(stack, directory);
        const mend = await damage(shop);
        try {
          const found = await askDoctor(['--no-env-file'], join(directory, SHOP));
          return settle(found, [...placesOfShop(shop), [join(directory, SHOP), '/srv/shop']]);
        } finally {
          await mend();
        }
      },
      ofSources: async files => {
        const web = join(directory, 'web');
        await writeTree(web, files);
        const found = await askDoctor(
          ['--no-env-file', '--frontend', 'web', '--openapi', 'web/openapi.json'],
          directory,
        );
        return settle(found, [[directory, '/srv/holdfast']]);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function during<T>(
  stack: Stack,
  faults: readonly FaultInjection[],
  look: () => Promise<T>,
): Promise<T> {
  const injected: FaultInjection[] = [];
  try {
    for (const fault of faults) {
      injected.unshift(fault);
      await fault.inject(stack);
    }
    return await look();
  } finally {
    for (const fault of injected) await fault.heal(stack);
  }
}

async function signIn({ server }: Stack, email: string): Promise<void> {
  for (const path of ['register', 'login']) {
    const response = await fetch(`${server.url}/api/v1/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
  }
}

function placesOf({ home, server, cluster }: Stack): Place[] {
  const { port } = new URL(cluster.appUrl);
  return [
    [home, '/srv/holdfast/.holdfast'],
    [`:${new URL(server.url).port}`, ':7400'],
    [`port ${new URL(server.url).port}`, 'port 7400'],
    [`:${port}`, ':5432'],
    [`port ${port}`, 'port 5432'],
  ];
}

function placesOfShop({ home, serverUrl, proxyUrl, databaseUrl }: SecondStack): Place[] {
  return [
    [home, '/srv/shop'],
    [new URL(serverUrl).host, '127.0.0.1:3001'],
    [new URL(proxyUrl).host, 'api.shop.example'],
    [new URL(databaseUrl).host, '127.0.0.1:5432'],
  ];
}

/** The shop in a database of its own beside the one of Holdfast, described in a file and recorded while all is well. */
async function openShop(stack: Stack, directory: string): Promise<SecondStack> {
  await stack.asAdministrator(db => db.query(sql`create database shop`));
  const url = new URL(stack.cluster.superuserUrl);
  url.pathname = `/${SHOP}`;
  const shop = await startSecondStack(url.href);
  const config = {
    name: SHOP,
    database: { url: url.href, schemas: ['shop'] },
    api: { urls: [shop.serverUrl], proxyUrl: shop.proxyUrl, health: '/v2/status' },
  };
  const place = join(directory, SHOP);
  await writeTree(place, { 'holdfast.config.json': JSON.stringify(config) });
  const { code, stderr } = await runProgram(['snapshot', '--no-env-file'], place);
  if (code === 0) return shop;
  await shop.close();
  throw new Error(`holdfast snapshot ended with ${code}: ${stderr}`);
}

async function writeTree(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}
