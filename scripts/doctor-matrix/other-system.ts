import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '@holdfast/core';
import {
  type Diagnosis,
  type DoctorConfig,
  examine,
  OTHER_CODEBOOK,
  resolveOtherTarget,
  takeSystemSnapshot,
} from '@holdfast/doctor';
import { SHOP_INJECTIONS, type ShopSystem, startShopSystem } from '@holdfast/testing';
import { fillOther, otherControls } from './other-controls.ts';
import type { CommandAccess, HiddenView, Injection, MatrixSystem } from './system.ts';

const SECRET = 'a secret of this matrix alone';
const CONFIG = 'holdfast.config.json';
const ENVIRONMENT = { SHOP_JWT_SECRET: SECRET, SHOP_TOKEN_SECONDS: '900' };

/** A shop that has nothing of Holdfast in it, with the data of a seed. */
export async function openOtherSystem(seed: number): Promise<MatrixSystem> {
  const shop = await startShopSystem();
  try {
    const random = createRandom(seed);
    await fillOther(shop, random.fork());
    await shop.saveDatabase();
    const directory = join(shop.home, 'doctor');
    await mkdir(directory);
    await writeEnvironment(directory, {});
    await writeFile(join(directory, 'holdfast.snapshot.json'), JSON.stringify(await takeSnapshot(shop)));
    const whole = configOf(shop);
    await writeFile(join(directory, CONFIG), JSON.stringify(whole));
    return {
      stack: 'other',
      codebook: OTHER_CODEBOOK,
      injections: [
        ...Object.entries(SHOP_INJECTIONS).map(
          ([kind, make]): Injection =>
            bind(
              kind,
              make(shop, items => random.pick(items) as (typeof items)[number]),
            ),
        ),
        ...environmentInjections(directory),
      ],
      uncovered: [],
      controls: otherControls(shop, seed),
      hiddenViews: hiddenViews(directory, whole),
      access: accessTo(shop, directory),
      examine: () => diagnose(directory, whole),
      close: async () => {
        shop.signalServer('SIGCONT');
        await rm(directory, { recursive: true, force: true });
        await shop.close();
      },
    };
  } catch (error) {
    await shop.close();
    throw error;
  }
}

/** No backup before: pg_dump of the machine may be older than the PostgreSQL of the shop. */
function accessTo(shop: ShopSystem, directory: string): CommandAccess {
  const backups = join(directory, 'backups');
  const variables = {
    HOLDFAST_HOME: join(directory, '.holdfast'),
    HOLDFAST_BACKUPS: backups,
    HOLDFAST_POSTGRES_DIR: join(directory, 'shared'),
  };
  const databaseUrl = (): string => {
    const url = new URL(shop.cluster.superuserUrl);
    url.pathname = new URL(shop.appUrl).pathname;
    return url.href;
  };
  return {
    args: ['--config', join(directory, CONFIG)],
    fixArgs: ['--no-backup'],
    get backupArgs() {
      return ['--engine', 'physical', '--database-url', databaseUrl()];
    },
    variables: async () => variables,
    backupVariables: variables,
    stateDirectory: join(directory, '.holdfast'),
    backups,
    databaseUrl,
    pids: () => [shop.serverPid, shop.cluster.pid],
    homes: [directory],
  };
}

function bind(kind: string, bound: ReturnType<(typeof SHOP_INJECTIONS)[string]>): Injection {
  return {
    ...{ kind, name: bound.name, expected: bound.expected, touches: bound.touches },
    inject: async () => void (await bound.inject()),
    heal: async () => void (await bound.heal()),
  };
}

function configOf(shop: ShopSystem): DoctorConfig {
  return {
    name: 'shop',
    database: {
      url: shop.appUrl,
      ownerUrl: shop.ownerUrl,
      schemas: ['shop'],
      dataDirectory: shop.dataDirectory,
    },
    api: {
      urls: [shop.serverUrl],
      proxyUrl: shop.proxyUrl,
      health: '/v2/status',
      openapi: shop.openapi,
      publicUrl: 'http://shop.test',
      origins: [shop.origin],
      signIn: { path: '/v2/session', body: shop.account, token: '/data/access_token' },
    },
    environment: {
      file: '.env',
      variables: { SHOP_JWT_SECRET: { minLength: 20 }, SHOP_TOKEN_SECONDS: { range: [60, 86_400] } },
    },
  };
}

async function diagnose(directory: string, config: DoctorConfig): Promise<Diagnosis> {
  const path = join(directory, 'holdfast.config.ts');
  return examine(await resolveOtherTarget({ path, directory, config }, {}));
}

function takeSnapshot(shop: ShopSystem): ReturnType<typeof takeSystemSnapshot> {
  return takeSystemSnapshot({
    url: shop.ownerUrl,
    takenAt: new Date().toISOString(),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

/** Less of the configuration is known, so less can be seen. */
function hiddenViews(directory: string, { database, api, environment, ...rest }: DoctorConfig): HiddenView[] {
  const { url = '', schemas = [] } = database ?? {};
  const { urls: _urls, ...proxied } = api ?? {};
  const apiAlone = { ...rest, ...(api === undefined ? {} : { api }) };
  const noOwner = { ...rest, api: proxied, database: { url, schemas } };
  return [
    { name: 'without the database', examine: () => diagnose(directory, apiAlone) },
    {
      name: 'through the proxy alone, and as the role of the server',
      examine: () => diagnose(directory, noOwner),
    },
  ];
}

async function writeEnvironment(directory: string, changes: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries({ ...ENVIRONMENT, ...changes }).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(directory, '.env'), lines.join(''));
}

function environmentInjections(directory: string): Injection[] {
  const broken = (kind: string, variable: string, value: string): Injection => ({
    kind,
    name: `${variable} set to "${value}"`,
    expected: { code: 'variable_breaks_rule', layer: 'config', subject: `env:${variable}` },
    touches: [],
    inject: () => writeEnvironment(directory, { [variable]: value }),
    heal: () => writeEnvironment(directory, {}),
  });
  return [
    broken('secretPlaceholder', 'SHOP_JWT_SECRET', 'changeme'),
    broken('secretShort', 'SHOP_JWT_SECRET', 'short'),
    broken('secretUnset', 'SHOP_JWT_SECRET', ''),
    broken('lifetimeInMilliseconds', 'SHOP_TOKEN_SECONDS', '900000'),
  ];
}
