import { HoldfastError } from '@holdfast/core';

/** Where a bucket is, and how to talk to it. */
export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Of another server than Amazon's. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  /** A file may have 10,000 parts at most; three of them are held in memory. */
  readonly partBytes: number;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Without credentials. */
  readonly name: string;
}

const PARAMETERS = ['endpoint', 'region', 'path-style', 'part-mb'];
/** Files of up to 320 GB. */
const PART_MB = 32;
/** The smallest and the largest that S3 allows. */
const PART_MB_RANGE = [5, 5_000] as const;

/**
 * Reads `s3://bucket/prefix?endpoint=https://minio.example:9000&region=eu-central-1&path-style=false`. Credentials may stand
 * in front of the bucket, `s3://key:secret@bucket`; else the SDK looks for them (environment, shared files, instance role).
 * Path style is the default with an endpoint. `part-mb=64` makes larger parts, for files of more than 320 GB.
 * @throws HoldfastError `configuration_invalid`.
 */
export function parseS3Location(text: string): S3Location {
  if (!URL.canParse(text)) throw invalid('it is not a URL');
  const url = new URL(text);
  const bucket = url.host;
  const prefix = decodeURIComponent(url.pathname).replaceAll(/^\/+|\/+$/g, '');
  const unknown = [...url.searchParams.keys()].find(key => !PARAMETERS.includes(key));
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  const pathStyle = url.searchParams.get('path-style');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw invalid('it names no bucket: s3://bucket/prefix');
  if (prefix.split('/').some(part => part === '..' || part === '.'))
    throw invalid('its prefix has dots as a part');
  if (unknown !== undefined) throw invalid(`it has ${unknown}; known are ${PARAMETERS.join(', ')}`);
  if (endpoint !== undefined && !isHttp(endpoint)) throw invalid('its endpoint is no http or https URL');
  if (pathStyle !== null && !/^(true|false)$/.test(pathStyle)) throw invalid('path-style is true or false');
  return {
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint,
    region: url.searchParams.get('region') ?? undefined,
    pathStyle: pathStyle === null ? endpoint !== undefined : pathStyle === 'true',
    partBytes: partBytesOf(url),
    credentials: credentialsOf(url),
    name: `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`,
  };
}

function partBytesOf({ searchParams }: URL): number {
  const text = searchParams.get('part-mb') ?? String(PART_MB);
  const [least, most] = PART_MB_RANGE;
  if (!/^\d{1,4}$/.test(text) || Number(text) < least || Number(text) > most) {
    throw invalid(`part-mb is a number from ${least} to ${most}`);
  }
  return Number(text) * 1024 * 1024;
}

function credentialsOf({ username, password }: URL): S3Location['credentials'] {
  if (username === '' && password === '') return undefined;
  if (username === '' || password === '')
    throw invalid('it has a key without a secret, or the other way round');
  return { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) };
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Never quotes the URL: it may hold a secret. */
function invalid(why: string): HoldfastError {
  return new HoldfastError(
    'configuration_invalid',
    `The s3:// URL of a place for backups cannot be used: ${why}.`,
  );
}
