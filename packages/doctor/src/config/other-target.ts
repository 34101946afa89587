import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BackupFacts } from '@holdfast/database/health';
import type { ApiAccess } from '../conformance/index.ts';
import type { BackupReader, FrontendTarget, ProjectTarget } from '../target.ts';
import type { DoctorConfig, VariableRule } from './doctor-config.ts';
import { findValue, readVariables, type Variables } from './find-value.ts';
import type { LoadedConfig } from './read-config.ts';
import { type ExpectedSystem, readSystemSnapshot } from './system-snapshot.ts';

/** A system that is not Holdfast's own, as its configuration describes it. URLs with passwords stay in here. */
export interface OtherTarget {
  readonly kind: 'other';
  readonly name: string;
  readonly path: string;
  readonly database: {
    readonly appUrl: string | undefined;
    readonly ownerUrl: string | undefined;
    /** By which variable the configuration names it, or the other one where it names no owner. */
    readonly ownerVariable: string | undefined;
    readonly embedded: undefined;
    readonly dataDirectory: string | undefined;
    readonly schemas: readonly string[] | undefined;
  };
  readonly api: {
    readonly urls: readonly string[];
    readonly proxyUrl: string | undefined;
    readonly health: string;
    /** Undefined without an OpenAPI document. */
    readonly conformance: ConformanceTarget | undefined;
  };
  readonly snapshotPath: string;
  /** What is expected; undefined when no snapshot was taken. */
  readonly expected: (() => Promise<ExpectedSystem>) | undefined;
  readonly backups: BackupReader | undefined;
  readonly variables: {
    readonly from: string;
    readonly values: Variables;
    readonly rules: Readonly<Record<string, VariableRule>>;
  };
  readonly external: NonNullable<DoctorConfig['external']>;
  readonly frontend: FrontendTarget | undefined;
  /** Files, absolute. */
  readonly logs: readonly string[];
  readonly project: ProjectTarget | undefined;
  /** For an examination, when nobody asks for another. */
  readonly timeoutMs: number | undefined;
}

/** What the API is compared with, and how to get in. */
export interface ConformanceTarget {
  /** A file or a URL. */
  readonly openapi: string;
  readonly access: ApiAccess;
  readonly origins: readonly string[];
  readonly publicUrl: string | undefined;
  readonly accepted: readonly string[];
}

const SNAPSHOT = 'holdfast.snapshot.json';

/** @throws HoldfastError `configuration_invalid` for an env file that cannot be read */
export async function resolveOtherTarget(
  { path, directory, config }: LoadedConfig,
  processVariables: Variables,
): Promise<OtherTarget> {
  const { database, api, environment, frontend, dependencies } = config;
  const { external = [], logs = [], snapshot = SNAPSHOT } = config;
  const envFile = environment?.file === undefined ? undefined : resolve(directory, environment.file);
  const fileVariables = envFile === undefined ? {} : await readVariables(envFile);
  const found = (value: Parameters<typeof findValue>[0]) => findValue(value, processVariables, fileVariables);
  const snapshotPath = resolve(directory, snapshot);
  const taken = await stat(snapshotPath).catch(() => undefined);
  const expected = taken === undefined ? undefined : () => readSystemSnapshot(snapshotPath);
  return {
    kind: 'other',
    name: config.name ?? directory,
    path,
    database: {
      appUrl: found(database?.url),
      ownerUrl: found(database?.ownerUrl),
      ownerVariable: variableOf(database?.ownerUrl ?? database?.url),
      embedded: undefined,
      dataDirectory:
        database?.dataDirectory === undefined ? undefined : resolve(directory, database.dataDirectory),
      schemas: database?.schemas,
    },
    api: {
      urls: api?.urls ?? [],
      proxyUrl: api?.proxyUrl,
      health: api?.health ?? '/',
      conformance: conformanceOf(directory, api, found),
    },
    snapshotPath,
    expected,
    backups:
      expected === undefined
        ? undefined
        : async () => [lasting((await expected()).rows, database?.transient)],
    variables: {
      from: envFile ?? 'the environment',
      values: envFile === undefined ? processVariables : fileVariables,
      rules: environment?.variables ?? {},
    },
    external,
    frontend: frontend === undefined ? undefined : frontendIn(directory, frontend),
    logs: logs.map(name => resolve(directory, name)),
    project:
      dependencies === undefined
        ? undefined
        : { ...dependencies, directory: resolve(directory, dependencies.directory) },
    timeoutMs: config.timeoutMs,
  };
}

function variableOf(value: string | { readonly env: string } | undefined): string | undefined {
  return typeof value === 'object' ? value.env : undefined;
}

function conformanceOf(
  directory: string,
  api: DoctorConfig['api'],
  found: (value: string | { readonly env: string }) => string | undefined,
): ConformanceTarget | undefined {
  if (api?.openapi === undefined) return undefined;
  const { openapi, signIn, origins = [], publicUrl, accepted = [] } = api;
  const isReference = (value: unknown): value is { readonly env: string } =>
    typeof value === 'object' && value !== null && 'env' in value && typeof value.env === 'string';
  const members = Object.entries(signIn?.body ?? {}).map(([name, value]) => [
    name,
    isReference(value) ? found(value) : value,
  ]);
  const access: ApiAccess =
    signIn === undefined
      ? { kind: 'none' }
      : { kind: 'sign-in', signIn: { ...signIn, body: Object.fromEntries(members) } };
  return { openapi: locate(directory, openapi), access, origins, publicUrl, accepted };
}

function locate(directory: string, document: string): string {
  return /^https?:\/\//i.test(document) ? document : resolve(directory, document);
}

const PASSING = /(session|token|cache|queue|job|outbox|event|log|attempt|lock|nonce|state|migration)s?$/;

/** Without the tables whose rows come and go. */
function lasting(rows: BackupFacts, named: readonly string[] | undefined): BackupFacts {
  const isPassing = (schema: string, name: string): boolean =>
    named === undefined ? PASSING.test(name) : named.includes(`${schema}.${name}`) || named.includes(name);
  return { ...rows, tables: rows.tables.filter(({ schema, name }) => !isPassing(schema, name)) };
}

function frontendIn(
  directory: string,
  { sources, openapi }: NonNullable<DoctorConfig['frontend']>,
): FrontendTarget {
  const where = resolve(directory, sources);
  if (openapi === undefined) return { directory: where };
  return { directory: where, openApi: locate(directory, openapi) };
}
