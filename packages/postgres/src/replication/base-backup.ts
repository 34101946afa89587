import { HoldfastError } from '@holdfast/core';
import { backupCommand } from './base-backup-command.ts';
import { type BackupPart, newProtocolParts, oldProtocolParts } from './base-backup-parts.ts';
import type { ReplicationLink } from './replication-link.ts';
import type { BaseBackup, BaseBackupOptions } from './replication-session.ts';
import {
  expectReady,
  field,
  numberField,
  optionalField,
  type ResultRow,
  readResult,
  sendCommand,
  withDeadline,
} from './run-command.ts';

/** Beyond a checkpoint that is spread over the longest checkpoint_timeout there is sense in. */
const START_DEADLINE_MS = 4 * 3_600_000;

type Tablespace = BaseBackup['tablespaces'][number];
type BackupDataPart = BaseBackup extends { parts(): AsyncIterable<infer Part> } ? Part : never;

/** Begins a base backup and waits for its checkpoint. Whatever goes wrong from here on closes the connection, and so ends the backup mode. */
export async function startBaseBackup(
  link: ReplicationLink,
  options: BaseBackupOptions,
): Promise<BaseBackup> {
  const { channel, majorVersion } = link;
  const command = backupCommand(majorVersion, options);
  return closingOnError(link, () =>
    withDeadline(channel, START_DEADLINE_MS, async () => {
      sendCommand(channel, command);
      const [start] = await readResult(channel);
      const spaces = await readResult(channel);
      return toBackup(link, start, spaces);
    }),
  );
}

function toBackup(
  link: ReplicationLink,
  start: ResultRow | undefined,
  spaces: readonly ResultRow[],
): BaseBackup {
  const tablespaces = spaces.flatMap(toTablespace);
  const outcome: { finished?: Awaited<ReturnType<BaseBackup['finished']>> } = {};
  const content =
    link.majorVersion < 15
      ? oldProtocolParts(
          link.channel,
          spaces.map(row => optionalField(row, 'spcoid')),
        )
      : newProtocolParts(link.channel);
  return {
    startLsn: field(start, 'recptr'),
    timeline: numberField(start, 'tli'),
    totalBytes: totalBytes(spaces),
    tablespaces,
    parts: () => readParts(link, content, outcome),
    finished: async () => {
      if (outcome.finished !== undefined) return outcome.finished;
      throw new HoldfastError('internal', 'The parts of the base backup have not been read to their end');
    },
  };
}

function toTablespace(row: ResultRow): Tablespace[] {
  const oid = optionalField(row, 'spcoid');
  return oid === null ? [] : [{ oid, location: field(row, 'spclocation') }];
}

/** The server counts in kilobytes, and only when it was asked to. */
function totalBytes(spaces: readonly ResultRow[]): number | null {
  const sizes = spaces.map(row => optionalField(row, 'size'));
  return sizes.some(size => size === null) ? null : sizes.reduce((sum, size) => sum + Number(size) * 1024, 0);
}

async function* readParts(
  link: ReplicationLink,
  content: AsyncIterable<BackupPart>,
  outcome: { finished?: Awaited<ReturnType<BaseBackup['finished']>> },
): AsyncGenerator<BackupDataPart, void, undefined> {
  let complete = false;
  try {
    for await (const { name, kind, chunks } of content) {
      let isRead = false;
      async function* data(): AsyncGenerator<Uint8Array, void, undefined> {
        yield* chunks;
        isRead = true;
      }
      yield { name, kind, data: data() };
      if (!isRead) throw unread(name);
    }
    const [end] = await readResult(link.channel);
    await expectReady(link.channel);
    outcome.finished = { stopLsn: field(end, 'recptr'), timeline: numberField(end, 'tli') };
    complete = true;
  } finally {
    if (!complete)
      link.channel.destroy(new HoldfastError('replication_failed', 'The base backup was given up'));
  }
}

function unread(name: string): Error {
  return new HoldfastError('internal', `${name} of the base backup was left before its end`);
}

async function closingOnError<T>({ channel }: ReplicationLink, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    channel.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
