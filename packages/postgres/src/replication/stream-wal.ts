import { systemClock } from '@holdfast/core';
import { trouble } from '../database-errors.ts';
import { type BackendMessage, protocolViolation, readColumns, readRow } from './backend-message.ts';
import { formatLsn, parseLsn } from './lsn.ts';
import type { MessageChannel } from './message-channel.ts';
import { quoteName } from './quote.ts';
import type { ReplicationLink } from './replication-link.ts';
import type { StreamWalOptions, WalMessage, WalStream } from './replication-session.ts';
import {
  COMMAND_DEADLINE_MS,
  expectReady,
  field,
  numberField,
  sendCommand,
  toRow,
  withDeadline,
} from './run-command.ts';
import { readWalMessage, statusMessage } from './wal-message.ts';

const STATUS_INTERVAL_MS = 10_000;
/** Unanswered status messages after which the server counts as gone. */
const SILENT_INTERVALS = 3;
const STOP_DEADLINE_MS = 5_000;

interface StreamState {
  readonly channel: MessageChannel;
  readonly ended: PromiseWithResolvers<void>;
  timer: NodeJS.Timeout | undefined;
  phase: 'streaming' | 'stopping' | 'ended';
  received: bigint;
  /** 0 until something has been confirmed: then the server keeps what the slot keeps. */
  flushed: bigint;
  waiting: boolean;
  /** Whether somebody reads the messages, and so will see their end. */
  isRead: boolean;
  /** Intervals of waiting in which nothing came. */
  silent: number;
  next: WalStream['next'];
}

/** Begins to stream. Any error closes the connection; 58P01 is WAL that the server no longer has. */
export async function startWalStream(
  { channel }: ReplicationLink,
  options: StreamWalOptions,
): Promise<WalStream> {
  const state: StreamState = {
    channel,
    ended: Promise.withResolvers(),
    timer: undefined,
    phase: 'streaming',
    received: parseLsn(options.from),
    flushed: 0n,
    waiting: false,
    isRead: false,
    silent: 0,
    next: undefined,
  };
  try {
    const first = await withDeadline(channel, COMMAND_DEADLINE_MS, () => begin(channel, options));
    if (first.type === 'W') keepTelling(state, options.statusIntervalMs ?? STATUS_INTERVAL_MS);
    else await readEnd(state, first);
  } catch (error) {
    channel.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  return toStream(state);
}

/** At the very end of an old timeline the server has nothing to stream, and says at once what follows. */
async function begin(channel: MessageChannel, options: StreamWalOptions): Promise<BackendMessage> {
  const slot = options.slot === undefined ? '' : `SLOT ${quoteName(options.slot)} `;
  sendCommand(channel, `START_REPLICATION ${slot}PHYSICAL ${options.from} TIMELINE ${options.timeline}`);
  const first = await channel.next();
  if (first.type === 'W' || first.type === 'T') return first;
  throw protocolViolation(`message "${first.type}" where WAL should begin`);
}

function toStream(state: StreamState): WalStream {
  return {
    messages: () => readMessages(state),
    confirm: flushed => {
      const lsn = parseLsn(flushed);
      if (lsn > state.flushed) state.flushed = lsn;
      tell(state, false);
    },
    get next() {
      return state.next;
    },
    stop: () => stop(state),
  };
}

async function* readMessages(state: StreamState): AsyncGenerator<WalMessage, void, undefined> {
  state.isRead = true;
  try {
    while (state.phase !== 'ended') {
      const heard = await hear(state);
      if (heard.type === 'c') return await readEnd(state, heard);
      // the server shuts down, and has sent everything
      if (heard.type === 'C') return;
      if (heard.type !== 'd') throw protocolViolation(`message "${heard.type}" in a stream of WAL`);
      const message = accept(state, heard.body);
      if (message !== undefined) yield message;
    }
  } finally {
    if (state.phase !== 'ended') end(state, new Error('The stream of WAL was left'));
  }
}

function accept(state: StreamState, body: Buffer): WalMessage | undefined {
  const { message, end: messageEnd } = readWalMessage(body);
  if (message.data.length > 0) {
    if (parseLsn(message.startLsn) !== state.received) {
      throw protocolViolation(
        `WAL of ${message.startLsn} where that of ${formatLsn(state.received)} should follow`,
      );
    }
    state.received = messageEnd;
  }
  if (message.isUrgent) tell(state, false);
  return state.phase === 'streaming' ? message : undefined;
}

async function hear(state: StreamState): Promise<BackendMessage> {
  state.waiting = true;
  try {
    return await state.channel.next();
  } finally {
    state.waiting = false;
    state.silent = 0;
  }
}

/** After the end of the WAL of a timeline the server names the next one, and where it begins. */
async function readEnd(state: StreamState, first: BackendMessage): Promise<void> {
  const { channel } = state;
  if (first.type === 'c' && state.phase === 'streaming') channel.send('c', '');
  await withDeadline(channel, COMMAND_DEADLINE_MS, async () => {
    let message = first.type === 'c' ? await channel.next() : first;
    if (message.type === 'T') {
      state.next = await readNext(channel, message);
      message = await channel.next();
    }
    if (message.type === 'C') await expectReady(channel);
    else if (message.type !== 'Z') throw protocolViolation(`message "${message.type}" after the end of WAL`);
  });
  settle(state);
}

async function readNext(channel: MessageChannel, description: BackendMessage): Promise<WalStream['next']> {
  const columns = readColumns(description.body);
  const { type, body } = await channel.next();
  if (type !== 'D') throw protocolViolation(`message "${type}" where the next timeline should be`);
  const row = toRow(columns, readRow(body));
  return { timeline: numberField(row, 'next_tli'), from: field(row, 'next_tli_startpos') };
}

/** Without word from here the server would end the connection after its wal_sender_timeout; without word from there we do. */
function keepTelling(state: StreamState, intervalMs: number): void {
  state.timer = setInterval(() => {
    if (state.silent >= SILENT_INTERVALS) {
      const text = `The database sent nothing for ${state.silent * intervalMs} ms, although it was asked`;
      return end(state, trouble('database_timeout', text));
    }
    tell(state, state.waiting && state.silent > 0);
    if (state.waiting) state.silent += 1;
  }, intervalMs);
}

function tell(state: StreamState, wantsReply: boolean): void {
  if (state.phase === 'ended') return;
  state.channel.send('d', statusMessage(state.received, state.flushed, systemClock.now(), wantsReply));
}

async function stop(state: StreamState): Promise<void> {
  if (state.phase === 'streaming' && !state.isRead) end(state, new Error('The stream of WAL was left'));
  if (state.phase === 'streaming') {
    tell(state, false);
    state.phase = 'stopping';
    state.channel.send('c', '');
  }
  const timer = setTimeout(
    () => end(state, new Error('The stream of WAL did not end in time')),
    STOP_DEADLINE_MS,
  );
  await state.ended.promise;
  clearTimeout(timer);
}

function end(state: StreamState, reason: Error): void {
  settle(state);
  state.channel.destroy(reason);
}

function settle(state: StreamState): void {
  clearInterval(state.timer);
  state.phase = 'ended';
  state.ended.resolve();
}
