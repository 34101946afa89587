import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorMessage, HoldfastError, parseDuration } from '@holdfast/core';
import { type ApiAccess, type CheckApiOptions, parseAccess } from '@holdfast/doctor/conformance';
import type { OptionDefinitions, OptionValues } from '../command.ts';
import type { Environment } from '../env.ts';

export const API_OPTIONS = {
  openapi: { type: 'string', value: 'FILE|URL', description: 'the document, in JSON or YAML' },
  'api-url': {
    type: 'string',
    value: 'URL',
    multiple: true,
    description:
      'where the API is (default: the first server of the document); may be repeated for replicas and proxies',
  },
  access: {
    type: 'string',
    value: 'FILE',
    description: 'how to get in, in JSON or YAML (default: API_TOKEN, if set)',
  },
  origin: {
    type: 'string',
    value: 'ORIGIN',
    multiple: true,
    description: 'an origin whose pages use the API, such as https://app.example.com; may be repeated',
  },
  'allow-writes': { type: 'boolean', description: 'also call operations that change something' },
  only: {
    type: 'string',
    value: 'OPERATION',
    multiple: true,
    description: "an operation such as 'GET /orders' or its operationId; may be repeated",
  },
  seed: { type: 'string', value: 'NUMBER', description: 'repeat the requests of an earlier run' },
  'max-requests': { type: 'string', value: 'NUMBER', description: 'requests for each URL (default 2000)' },
  'per-operation': {
    type: 'string',
    value: 'NUMBER',
    description: 'generated requests for each operation (default 5)',
  },
  rate: { type: 'string', value: 'NUMBER', description: 'requests per second (default 50)' },
  'max-time': { type: 'string', value: 'DURATION', description: 'for each URL (default 5m)' },
  timeout: { type: 'string', value: 'DURATION', description: 'for one request (default 15s)' },
  slow: { type: 'string', value: 'DURATION', description: 'the median that counts as slow (default 1s)' },
  resolve: {
    type: 'string',
    value: 'HOST=ADDRESS',
    multiple: true,
    description: 'where a host is, instead of asking DNS; may be repeated',
  },
  strict: { type: 'boolean', description: 'let warnings count as errors for the exit status' },
} as const satisfies OptionDefinitions;

export type ApiOptions = OptionValues<typeof API_OPTIONS>;

/** The options as the check wants them. Throws `usage`. */
export async function readApiOptions(
  options: ApiOptions,
  environment: Environment,
): Promise<CheckApiOptions> {
  const apiUrls = (options['api-url']?.split(',') ?? []).map(url => httpUrl('--api-url', url));
  return {
    access: await readAccess(options.access, environment),
    allowWrites: options['allow-writes'] === true,
    origins: (options.origin?.split(',') ?? []).map(origin => new URL(httpUrl('--origin', origin)).origin),
    resolve: readResolve(options.resolve),
    ...given('apiUrls', apiUrls.length === 0 ? undefined : apiUrls),
    ...given('only', options.only?.split(',')),
    ...given('seed', readCount('--seed', options.seed)),
    ...given('maxRequests', readCount('--max-requests', options['max-requests'])),
    ...given('perOperation', readCount('--per-operation', options['per-operation'])),
    ...given('requestsPerSecond', readCount('--rate', options.rate)),
    ...given('maxMs', readDuration('--max-time', options['max-time'])),
    ...given('timeoutMs', readDuration('--timeout', options.timeout)),
    ...given('slowMs', readDuration('--slow', options.slow)),
  };
}

function given<K extends string, T>(name: K, value: T | undefined): { [key in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [key in K]?: T };
}

function httpUrl(option: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new HoldfastError('usage', `${option} ${text} is no http: or https: URL.`);
}

function readCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && value < 2 ** 31) return value;
  throw new HoldfastError('usage', `${option} ${text} is no whole number above 0.`);
}

function readDuration(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = parseDuration(text);
  if (value !== undefined && value > 0) return value;
  throw new HoldfastError('usage', `${option} ${text} is no duration: write 500ms, 15s or 5m.`);
}

function readResolve(text: string | undefined): Record<string, string> {
  const pairs = (text?.split(',') ?? []).map(pair => {
    const at = pair.indexOf('=');
    if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)] as const;
    throw new HoldfastError('usage', `--resolve ${pair} is no pair: write api.example.com=10.0.0.5.`);
  });
  return Object.fromEntries(pairs);
}

async function readAccess(file: string | undefined, { variables, cwd }: Environment): Promise<ApiAccess> {
  if (file === undefined) {
    const token = variables.API_TOKEN ?? '';
    return token === '' ? { kind: 'none' } : { kind: 'bearer', token };
  }
  try {
    return parseAccess(await readFile(resolve(cwd, file), 'utf8'), file);
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new HoldfastError('usage', `${file} cannot be read: ${errorMessage(cause)}.`, { cause });
  }
}
