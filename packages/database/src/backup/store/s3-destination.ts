import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Destination } from '../backup-repository.ts';
import { notStored } from './destination-error.ts';
import { counted } from './measured.ts';
import { parseS3Location, type S3Location } from './s3-location.ts';
import { checkName } from './stored-name.ts';
import { watchSource } from './watch-source.ts';

const PARTS_AT_ONCE = 3;
const ATTEMPTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 60_000;

/** The SDK is large: it is loaded when a bucket is used. */
type Sdk = typeof import('@aws-sdk/client-s3');

interface Bucket {
  readonly location: S3Location;
  /** Made at the first use. */
  open(): Promise<{ readonly sdk: Sdk; readonly client: S3Client }>;
}

/** An S3-compatible bucket as a place for backups, from a URL as {@link parseS3Location} reads it. */
export function s3Destination(url: string): Destination {
  const location = parseS3Location(url);
  const { name } = location;
  let opened: ReturnType<Bucket['open']> | undefined;
  const bucket: Bucket = { location, open: () => (opened ??= connect(location)) };
  return {
    name,
    directory: undefined,
    write: (file, data) => write(bucket, checkName(file), data),
    read: file => guarded(name, `reading ${file}`, () => read(bucket, checkName(file))),
    size: file => guarded(name, `looking at ${file}`, () => sizeOf(bucket, checkName(file))),
    list: prefix => guarded(name, 'listing', () => list(bucket, prefix)),
    remove: file => guarded(name, `removing ${file}`, () => remove(bucket, checkName(file))),
    sweep: (prefix, before) =>
      guarded(name, 'removing unfinished uploads', () => abortUploads(bucket, prefix, before)),
  };
}

async function connect({ endpoint, region, pathStyle, credentials }: S3Location) {
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    // Other servers than Amazon's take any region.
    ...(region === undefined && endpoint === undefined ? {} : { region: region ?? 'us-east-1' }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: pathStyle,
    maxAttempts: ATTEMPTS,
    // Many servers do not know the SDK's newer checksums; every file has a SHA-256 in the manifest.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS },
  });
  return { sdk, client };
}

async function guarded<T>(place: string, action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isHoldfastError(error) ? error : s3Error(place, action, error);
  }
}

function s3Error(place: string, action: string, error: unknown): HoldfastError {
  const { name = '', $metadata } = error as {
    readonly name?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  const hint = HINTS[name] ?? (status === 403 ? HINTS.AccessDenied : undefined);
  const reason = [name === 'Error' ? '' : name, errorMessage(error)].filter(part => part !== '').join(': ');
  return new HoldfastError(
    'backup_destination_failed',
    `${place}: ${action} failed: ${hint === undefined ? reason : `${hint} (${reason})`}.`,
    { cause: error, details: { destination: place, ...(status === undefined ? {} : { status }) } },
  );
}

const HINTS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'the bucket does not exist; Holdfast makes none',
  AccessDenied: 'the credentials may not do that there',
  InvalidAccessKeyId: 'the access key is not known there',
  SignatureDoesNotMatch: 'the secret is wrong',
  CredentialsProviderError:
    'no credentials were found: put them into the URL, the environment (AWS_ACCESS_KEY_ID) or ~/.aws',
  PermanentRedirect: 'the bucket is in another region; add ?region= to the URL',
  TimeoutError: 'the server does not answer',
};

/** Small data is put in one request, more in parts; the object appears when all of it is there. */
async function write(bucket: Bucket, name: string, data: AsyncIterable<Uint8Array>): Promise<number> {
  const source = watchSource(data);
  const { name: place } = bucket.location;
  const body = counted(source.data);
  const stream = Readable.from(copied(body.data), { objectMode: false });
  try {
    const { client } = await bucket.open();
    const { Upload } = await import('@aws-sdk/lib-storage');
    const upload = new Upload({
      client,
      params: { ...keyOf(bucket, name), Body: stream },
      partSize: bucket.location.partBytes,
      queueSize: PARTS_AT_ONCE,
      leavePartsOnError: false,
    });
    await upload.done();
    const stored = await sizeOf(bucket, name);
    if (stored !== body.bytes()) {
      throw new Error(`${body.bytes()} bytes were sent, and ${stored ?? 'nothing'} arrived`);
    }
    return body.bytes();
  } catch (error) {
    throw source.explain(error, own => s3Error(place, `writing ${name}`, own));
  } finally {
    stream.destroy();
  }
}

/** Parts are put together from pieces that were read long before. */
async function* copied(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of data) yield Uint8Array.from(piece);
}

function keyOf({ location }: Bucket, name: string): { readonly Bucket: string; readonly Key: string } {
  return { Bucket: location.bucket, Key: `${location.prefix}${name}` };
}

async function read(bucket: Bucket, name: string): Promise<Readable> {
  const { sdk, client } = await bucket.open();
  try {
    const { Body } = await client.send(new sdk.GetObjectCommand(keyOf(bucket, name)));
    if (Body instanceof Readable) return Body;
  } catch (error) {
    throw isMissing(error) ? notStored(bucket.location.name, name, error) : error;
  }
  throw new Error('the answer has no content');
}

async function sizeOf(bucket: Bucket, name: string): Promise<number | undefined> {
  const { sdk, client } = await bucket.open();
  try {
    return (await client.send(new sdk.HeadObjectCommand(keyOf(bucket, name)))).ContentLength;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { name } = error as { readonly name?: string };
  return name === 'NoSuchKey' || name === 'NotFound';
}

async function list(
  bucket: Bucket,
  prefix: string,
): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  const { sdk, client } = await bucket.open();
  const { bucket: Bucket, prefix: own } = bucket.location;
  const pages = sdk.paginateListObjectsV2({ client }, { Bucket, Prefix: `${own}${prefix}` });
  const files: { readonly name: string; readonly bytes: number }[] = [];
  for await (const { Contents = [] } of pages) {
    for (const { Key, Size = 0 } of Contents) {
      // Some tools keep empty objects as directories.
      if (Key !== undefined && !Key.endsWith('/')) files.push({ name: Key.slice(own.length), bytes: Size });
    }
  }
  return files.sort((one, other) => (one.name < other.name ? -1 : 1));
}

async function remove(bucket: Bucket, name: string): Promise<void> {
  const { sdk, client } = await bucket.open();
  await client.send(new sdk.DeleteObjectCommand(keyOf(bucket, name)));
}

/** The parts of a killed upload are kept, and paid for, until somebody ends it. */
async function abortUploads(bucket: Bucket, prefix: string, before: Date): Promise<number> {
  const { sdk, client } = await bucket.open();
  const { bucket: Bucket, prefix: own } = bucket.location;
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {};
  let aborted = 0;
  while (marker !== undefined) {
    const page: import('@aws-sdk/client-s3').ListMultipartUploadsCommandOutput = await client.send(
      new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: `${own}${prefix}`, ...marker }),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || (Initiated ?? before) >= before) continue;
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      aborted += 1;
    }
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
    marker =
      IsTruncated === true && NextKeyMarker !== undefined
        ? {
            KeyMarker: NextKeyMarker,
            ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
          }
        : undefined;
  }
  return aborted;
}
