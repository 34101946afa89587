import { systemClock } from '@holdfast/core';
import {
  type BackupManifest,
  type BackupRepository,
  type BackupWriter,
  createRepository,
  type Destination,
  newBackupId,
  type RepositoryOptions,
} from '@holdfast/database/backup';

export const SEAL_KEY = Buffer.alloc(32, 7);

export function repositoryAt(
  destination: Destination,
  options: Partial<Omit<RepositoryOptions, 'destination'>> = {},
): BackupRepository {
  return createRepository({
    destination,
    compression: 'zstd',
    encryption: undefined,
    decryption: undefined,
    sealKey: SEAL_KEY,
    clock: systemClock,
    ...options,
  });
}

/** The description of a small logical backup. */
export function describe(
  id: string,
  changes: Partial<BackupManifest> = {},
): Omit<BackupManifest, 'files' | 'sha256'> {
  const snapshotAt = '2026-11-21T13:30:45.000Z';
  return {
    manifest: 'holdfast-backup',
    version: 1,
    id,
    engine: 'logical',
    createdAt: snapshotAt,
    durationMs: 1_234,
    tool: { name: 'holdfast', version: '0.1.0' },
    server: {
      versionNumber: 180_004,
      systemIdentifier: '7432198765432109876',
      url: 'postgresql://backup@db.example:5432/shop',
    },
    compression: 'none',
    encryption: null,
    point: { kind: 'logical', snapshotAt, lsn: '0/16B3748' },
    databases: [
      {
        name: 'shop',
        encoding: 'UTF8',
        owner: 'shop',
        bytes: 8_000_000,
        extensions: [{ name: 'plpgsql', version: '1.0', schema: 'pg_catalog' }],
        tables: [
          {
            schema: 'public',
            name: 'ünïts',
            columnsHash: 'a'.repeat(64),
            rows: 3,
            checksum: '-12345678901234567890',
          },
        ],
        sequences: [{ schema: 'public', name: 'orders_id_seq', lastValue: '17', isCalled: true }],
        migrations: [{ version: '0001', name: 'init', checksum: 'b'.repeat(64) }],
        catalog: { schemas: ['public'] } as never,
      },
    ],
    contentMissing: null,
    ...changes,
  };
}

/** Pieces of different sizes, so that no stage can count on one, in one and the same memory, as a source may have them. */
export async function* pieces(data: Uint8Array): AsyncGenerator<Uint8Array> {
  const sizes = [1, 70_000, 65_536, 16, 300_001];
  const memory = new Uint8Array(300_001);
  for (let offset = 0, turn = 0; offset < data.byteLength; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const piece = data.subarray(offset, offset + size);
    memory.set(piece);
    yield memory.subarray(0, piece.byteLength);
    offset += size;
  }
}

export async function readAll(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A backup with these files, written with the form `original`. */
export async function storeBackup(
  repository: BackupRepository,
  files: Readonly<Record<string, Uint8Array>>,
  options: { readonly at?: Date; readonly id?: string; readonly changes?: Partial<BackupManifest> } = {},
): Promise<BackupManifest> {
  const id = options.id ?? newBackupId('logical', options.at ?? new Date());
  const writer = await repository.begin(id);
  await writeFiles(writer, files);
  return writer.commit(describe(id, options.changes));
}

export async function writeFiles(
  writer: BackupWriter,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  for (const [path, data] of Object.entries(files)) await writer.write(path, pieces(data));
}
