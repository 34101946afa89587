import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { apiInDocument, type DocumentedApi } from './api-in-document.ts';

/** What a project directory tells about the system that it is. */
export interface Surroundings {
  readonly name: string | undefined;
  /** Of the API, relative to the directory. */
  readonly envFile: string | undefined;
  /** The variable with the URL of the database: of that file, else of this process. */
  readonly databaseVariable: string | undefined;
  readonly databaseFrom: 'file' | 'process' | undefined;
  readonly ownerVariable: string | undefined;
  readonly port: number | undefined;
  /** Names that look like secrets, with the length of their present value. */
  readonly secrets: readonly { readonly variable: string; readonly length: number }[];
  /** The sources of the frontend. */
  readonly frontend: string | undefined;
  /** An OpenAPI document. */
  readonly openapi: string | undefined;
  /** What that says of the API. */
  readonly documented: DocumentedApi | undefined;
  /** Whether npm has locked the packages of the directory. */
  readonly locked: boolean;
  /** Logs that are written there. */
  readonly logs: readonly string[];
}

const ENV_FILES = ['.env', '.env.local', '.env.production', '.env.development'];
const FRONTENDS = ['web', 'frontend', 'client', 'ui', 'apps/web'].map(name => `${name}/src`);
const FRAMEWORK = /"(?:react|preact|vue|svelte|solid-js|next|nuxt|@angular\/core|@sveltejs\/kit|vite)"\s*:/;
const OPENAPI = ['', 'docs/', 'api/', 'public/'].flatMap(folder =>
  ['yaml', 'yml', 'json'].map(ending => `${folder}openapi.${ending}`),
);
const LOCKS = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'];
const LOG_FOLDERS = ['logs', 'log'];
const MOST_LOGS = 5;
const POSTGRES = /^postgres(ql)?:\/\//;
const SECRET = /(SECRET|TOKEN|PASSWORD|PASSPHRASE|_KEY|PEPPER|SALT)$/;

/** Reads files of a directory, and nothing else but `DATABASE_URL` of the process. Never throws. */
export async function lookAround(
  directory: string,
  process: Readonly<Record<string, string | undefined>>,
): Promise<Surroundings> {
  const names: readonly string[] = await readdir(directory).catch(() => []);
  const envFile = ENV_FILES.find(name => names.includes(name));
  const variables = envFile === undefined ? {} : await variablesOf(join(directory, envFile));
  const urls = Object.entries(variables).filter(([, value]) => POSTGRES.test(value));
  const owner = urls.find(([name]) => /OWNER|ADMIN|MIGRAT|DIRECT|SUPER/i.test(name))?.[0];
  const inFile = (urls.find(([name]) => name !== owner) ?? urls[0])?.[0];
  const inProcess = POSTGRES.test(process.DATABASE_URL ?? '') ? 'DATABASE_URL' : undefined;
  const openapi = await firstOf(directory, OPENAPI, 'file');
  const port = Number(variables.PORT ?? variables.API_PORT);
  return {
    name: await packageName(directory),
    envFile,
    databaseVariable: inFile ?? inProcess,
    databaseFrom: inFile === undefined ? inProcess && 'process' : 'file',
    ownerVariable: urls.length > 1 ? owner : undefined,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    secrets: Object.entries(variables)
      .filter(([name, value]) => SECRET.test(name) && value !== '')
      .map(([variable, value]) => ({ variable, length: value.length })),
    frontend: await frontendIn(directory),
    openapi,
    documented: openapi === undefined ? undefined : await apiInDocument(join(directory, openapi)),
    locked: names.some(name => LOCKS.includes(name)),
    logs: await logsIn(directory),
  };
}

async function firstOf(
  directory: string,
  names: readonly string[],
  kind: 'file' | 'directory',
): Promise<string | undefined> {
  for (const name of names) {
    const found = await stat(join(directory, name)).catch(() => undefined);
    if (kind === 'file' ? found?.isFile() : found?.isDirectory()) return name;
  }
  return undefined;
}

/** Sources in a place of their own, or those of the project itself when it is built with a framework for browsers. */
async function frontendIn(directory: string): Promise<string | undefined> {
  const apart = await firstOf(directory, FRONTENDS, 'directory');
  if (apart !== undefined) return apart;
  const text = await readFile(join(directory, 'package.json'), 'utf8').catch(() => '');
  return FRAMEWORK.test(text) ? firstOf(directory, ['src', 'app'], 'directory') : undefined;
}

async function logsIn(directory: string): Promise<string[]> {
  for (const folder of LOG_FOLDERS) {
    const names = await readdir(join(directory, folder)).catch(() => []);
    const logs = names.filter(name => name.endsWith('.log')).map(name => `${folder}/${name}`);
    if (logs.length > 0) return logs.toSorted().slice(0, MOST_LOGS);
  }
  return [];
}

async function variablesOf(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const parsed = Object.entries(parseEnv(text));
  return Object.fromEntries(parsed.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function packageName(directory: string): Promise<string | undefined> {
  try {
    const { name } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
      name?: unknown;
    };
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
