import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@holdfast/core';
import {
  type BackupEngineName,
  type BackupManifest,
  type BackupRepository,
  decryptWith,
  directoryDestination,
  encryptFor,
  takeBackup,
  validateByDecoding,
  verifyFiles,
} from '@holdfast/database/backup';
import { connect } from '@holdfast/postgres';
import { backupRequest } from '@holdfast/testing';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { engineAt } from '../backup/making.ts';
import { repositoryAt, SEAL_KEY } from '../backup-fixtures.ts';

/** A backup that one of the engines made, at a place of its own. */
export interface RealBackup {
  readonly kind: string;
  readonly repository: BackupRepository;
  readonly manifest: BackupManifest;
  /** Holds its files. */
  readonly root: string;
}

interface Kind {
  readonly name: string;
  readonly engine: BackupEngineName;
  readonly plain: boolean;
  readonly encrypted: boolean;
}

const FORMS: readonly Omit<Kind, 'encrypted'>[] = [
  { name: 'physical, compressed', engine: 'physical', plain: false },
  { name: 'physical, files', engine: 'physical', plain: true },
  { name: 'logical, directory', engine: 'logical', plain: false },
  { name: 'logical, plain SQL', engine: 'logical', plain: true },
  { name: 'pgBackRest', engine: 'pgbackrest', plain: false },
];

/** Each form that an engine stores, as it is and encrypted. */
export const KINDS: readonly Kind[] = FORMS.flatMap(form => [
  { ...form, encrypted: false },
  { ...form, name: `${form.name}, encrypted`, encrypted: true },
]);

/** Tables of several sizes and types, in the database of a URL. */
export async function fillDatabase(url: string): Promise<void> {
  const connection = await connect({ url });
  try {
    await connection.script(`
      create table orders (id bigint primary key, at timestamptz not null default now(), note text, total numeric(12, 2));
      insert into orders select g, now() - g * interval '1 minute', md5(g::text), g / 7.0 from generate_series(1, 20000) g;
      create table pictures (id int primary key, data bytea);
      insert into pictures select g, decode(repeat(md5(g::text), 400), 'hex') from generate_series(1, 100) g;
      create index orders_note on orders (note);
      create table nothing (x int);`);
  } finally {
    await connection.close();
  }
}

/** Makes a backup of a server and validates it twice, so that there are records of that as well. */
export async function makeReal(place: string, kind: Kind, url: string): Promise<RealBackup> {
  const root = await mkdtemp(join(place, 'kept-'));
  const identity = await generateX25519Identity();
  const compression = kind.plain && kind.engine === 'physical' ? 'none' : 'zstd';
  const repository = repositoryAt(directoryDestination(root), {
    compression,
    ...(kind.encrypted
      ? {
          encryption: encryptFor([await identityToRecipient(identity)]),
          decryption: decryptWith(identity),
        }
      : {}),
  });
  const engine = engineAt(place, kind.engine);
  const request = backupRequest(url, { plain: kind.plain, compression });
  const [outcome] = await takeBackup({ engine, repositories: [repository], request, clock: systemClock });
  if (outcome?.kind !== 'made') throw outcome?.error ?? new Error('nothing was made');
  const { manifest } = outcome;
  const made = { kind: kind.name, repository, manifest, root: join(root, manifest.id) };
  const { result, problems } = await validateByDecoding(engine, repository, manifest.id, systemClock);
  if (result !== 'valid') throw new Error(`${kind.name}: ${JSON.stringify(problems)}`);
  const { validation } = await verify(made);
  await repository.recordValidation(manifest.id, validation);
  return made;
}

/** What `holdfast backup verify` does. */
export function verify({
  repository,
  manifest,
}: Pick<RealBackup, 'repository' | 'manifest'>): ReturnType<typeof verifyFiles> {
  return verifyFiles({
    repository,
    id: manifest.id,
    sealKey: SEAL_KEY,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

/** The files of a backup as they lie there, relative to it, with the manifest and the records. */
export async function storedPaths(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
