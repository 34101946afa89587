import { HoldfastError } from '@holdfast/core';
import { startBaseBackup } from './base-backup.ts';
import type { MessageChannel } from './message-channel.ts';
import { quoteName } from './quote.ts';
import type { ReplicationLink } from './replication-link.ts';
import type { ReplicationSession } from './replication-session.ts';
import { field, numberField, optionalField, runCommand } from './run-command.ts';
import { createLogicalSnapshot, createPhysicalSlot, readSlot } from './slots.ts';
import { startWalStream } from './stream-wal.ts';

export function createReplicationSession(link: ReplicationLink): ReplicationSession {
  const { channel } = link;
  const inTurn = oneAtATime();
  return {
    majorVersion: link.majorVersion,
    identifySystem: () => inTurn(() => identifySystem(channel)),
    timelineHistory: timeline => inTurn(() => timelineHistory(channel, timeline)),
    show: setting => inTurn(() => show(channel, setting)),
    createPhysicalSlot: (name, options) => inTurn(() => createPhysicalSlot(channel, name, options)),
    readSlot: name => inTurn(() => readSlot(link, name)),
    dropSlot: async name => {
      await inTurn(() => runCommand(channel, `DROP_REPLICATION_SLOT ${quoteName(name)}`));
    },
    createLogicalSnapshot: (name, options) => inTurn(() => createLogicalSnapshot(link, name, options)),
    baseBackup: options => inTurn(() => startBaseBackup(link, options)),
    streamWal: options => inTurn(() => startWalStream(link, options)),
    close: () => channel.end(),
  };
}

/** A second command before the first is answered is a mistake of the caller that would mix up their answers. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = false;
  return async work => {
    if (busy) throw new HoldfastError('internal', 'A replication connection takes one command at a time');
    busy = true;
    try {
      return await work();
    } finally {
      busy = false;
    }
  };
}

async function identifySystem(channel: MessageChannel): ReturnType<ReplicationSession['identifySystem']> {
  const [row] = await runCommand(channel, 'IDENTIFY_SYSTEM');
  return {
    systemIdentifier: field(row, 'systemid'),
    timeline: numberField(row, 'timeline'),
    xlogpos: field(row, 'xlogpos'),
    database: optionalField(row, 'dbname'),
  };
}

async function timelineHistory(
  channel: MessageChannel,
  timeline: number,
): ReturnType<ReplicationSession['timelineHistory']> {
  const [row] = await runCommand(channel, `TIMELINE_HISTORY ${timeline}`);
  return { fileName: field(row, 'filename'), content: Buffer.from(row?.get('content') ?? '') };
}

async function show(channel: MessageChannel, setting: string): Promise<string> {
  if (!/^[a-z_][a-z0-9_.]*$/i.test(setting)) {
    throw new HoldfastError('invalid_request', `"${setting}" is not the name of a setting`);
  }
  const [row] = await runCommand(channel, `SHOW ${setting}`);
  return field(row, setting.toLowerCase());
}
