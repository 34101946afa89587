import { join } from 'node:path';
import { systemClock } from '@holdfast/core';
import {
  type BackupManifest,
  type BackupRepository,
  createRepository,
  directoryDestination,
  encryptFor,
  newBackupId,
  readSealKey,
} from '@holdfast/database/backup';

/** The backups of a place, sealed with the key of a state directory. */
export async function repositoryOf(
  home: string,
  place: string = join(home, 'backups'),
  recipients: readonly string[] = [],
): Promise<BackupRepository> {
  return createRepository({
    destination: directoryDestination(place),
    compression: 'gzip',
    encryption: encryptFor(recipients),
    decryption: undefined,
    sealKey: await readSealKey(join(home, 'backup-seal.key'), true),
    clock: systemClock,
  });
}

/**
 * A small dump in plain SQL, so many days old, sealed with the key of a state directory.
 * @param changes to its manifest; of another engine only the manifest is
 * @param recipients of age, that it is encrypted for
 */
export async function storeBackup(
  home: string,
  days: number,
  place: string = join(home, 'backups'),
  changes: Partial<Omit<BackupManifest, 'files' | 'sha256'>> = {},
  recipients: readonly string[] = [],
): Promise<string> {
  const at = new Date(Date.now() - days * 86_400_000);
  const id = newBackupId(changes.engine ?? 'logical', at);
  const repository = await repositoryOf(home, place, recipients);
  const writer = await repository.begin(id);
  async function* dump() {
    yield Buffer.from('create table orders (id int);\n');
  }
  await writer.write('dump.sql', dump());
  await writer.commit({ ...manifestOf(id, at.toISOString()), ...changes });
  return id;
}

function manifestOf(id: string, createdAt: string): Omit<BackupManifest, 'files' | 'sha256'> {
  return {
    manifest: 'holdfast-backup',
    version: 1,
    id,
    engine: 'logical',
    createdAt,
    durationMs: 1_500,
    tool: { name: 'holdfast', version: '0.1.0' },
    server: {
      versionNumber: 150_019,
      systemIdentifier: '7',
      url: 'postgresql://backup:***@db.example:5432/shop',
    },
    compression: 'gzip',
    encryption: null,
    point: { kind: 'logical', snapshotAt: createdAt, lsn: null },
    databases: [
      {
        name: 'shop',
        encoding: 'UTF8',
        owner: 'shop',
        bytes: 8_000_000,
        extensions: [{ name: 'citext', version: '1.6', schema: 'public' }],
        tables: [{ schema: 'public', name: 'orders', columnsHash: '0'.repeat(64), rows: 41, checksum: '7' }],
        sequences: [],
        migrations: [{ version: '0007', name: 'add_orders', checksum: 'x' }],
        catalog: { schemas: [], tables: [], indexes: [], views: [] } as never,
      },
    ],
    contentMissing: null,
  };
}
