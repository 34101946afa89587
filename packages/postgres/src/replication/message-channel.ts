import type { Socket } from 'node:net';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { databaseTrouble, unavailable } from '../database-errors.ts';
import { type BackendMessage, protocolViolation, readError } from './backend-message.ts';
import type { ByteSource } from './byte-source.ts';

/**
 * The messages of a connection, one at a time and only when asked for: as long as nobody asks, the socket fills up and
 * the server waits.
 */
export interface MessageChannel {
  /**
   * The next message that is not a notice. Throws what the server answers as an error: `database_unavailable`,
   * `database_timeout` or `replication_failed`, with its own error as the cause.
   */
  next(): Promise<BackendMessage>;
  /** The same, but the body is only there until the next message is asked for. */
  nextLent(): Promise<BackendMessage>;
  send(type: string, body: Buffer | string): void;
  /** Closes the socket at once; whoever waits gets the reason. */
  destroy(reason: Error): void;
  /** Says goodbye, and hangs up when the server does not react. */
  end(): Promise<void>;
}

/** Larger than anything PostgreSQL sends here; what claims to be larger is not its protocol. */
const MAX_MESSAGE_BYTES = 16 * 1024 ** 2;
const HEADER_BYTES = 5;
/** PostgreSQL sends a base backup in messages of 32 kB and a little. */
const SCRATCH_BYTES = 65_536;
const GOODBYE_MS = 500;
/** Notices, parameters that changed, notifications: may come at any time and mean nothing here. */
const ASIDE: ReadonlySet<string> = new Set(['N', 'S', 'A']);

interface ChannelState {
  readonly socket: Socket;
  readonly source: ByteSource;
  /** What comes in several pieces is put together here when it is lent. */
  scratch: Buffer;
  chunk: Buffer;
  at: number;
  failure: Error | undefined;
  wake: () => void;
}

/** Takes the socket over from whoever has read it before; nothing may be waiting in it. */
export function createMessageChannel(socket: Socket, source: ByteSource): MessageChannel {
  const state: ChannelState = {
    socket,
    source,
    scratch: Buffer.alloc(0),
    chunk: Buffer.alloc(0),
    at: 0,
    failure: undefined,
    wake: () => undefined,
  };
  watch(state);
  return {
    next: () => nextMessage(state, false),
    nextLent: () => nextMessage(state, true),
    send: (type, body) => {
      if (!socket.destroyed) socket.write(frame(type, body));
    },
    destroy: reason => {
      state.failure ??= reason;
      socket.destroy();
      state.wake();
    },
    end: () => sayGoodbye(state),
  };
}

function watch(state: ChannelState): void {
  const { socket, source } = state;
  const lost = (): void => {
    state.failure ??= unavailable(new Error('Connection terminated unexpectedly'));
    state.wake();
  };
  source.takeOver(socket, () => state.wake());
  socket.on('error', error => {
    state.failure ??= databaseTrouble(error) ?? unavailable(error);
    state.wake();
  });
  socket.on('end', lost);
  socket.on('close', lost);
}

async function nextMessage(state: ChannelState, lent: boolean): Promise<BackendMessage> {
  for (;;) {
    const message = await readMessage(state, lent);
    if (message.type === 'E') throw presentable(readError(message.body));
    if (!ASIDE.has(message.type)) return message;
  }
}

function presentable(error: Error): Error {
  return (
    databaseTrouble(error) ??
    new HoldfastError('replication_failed', `PostgreSQL refused or broke off: ${errorMessage(error)}`, {
      cause: error,
    })
  );
}

async function readMessage(state: ChannelState, lent: boolean): Promise<BackendMessage> {
  const header = await take(state, HEADER_BYTES, true);
  const type = String.fromCharCode(header[0] ?? 0);
  const length = header.readInt32BE(1) - 4;
  if (length < 0 || length > MAX_MESSAGE_BYTES) {
    throw protocolViolation(`a message of ${length} bytes`);
  }
  return { type, body: await take(state, length, lent) };
}

/** A view where the bytes came in one piece and are never overwritten, or are lent; else a copy. */
async function take(state: ChannelState, bytes: number, lent: boolean): Promise<Buffer> {
  if (state.chunk.length - state.at >= bytes) {
    state.at += bytes;
    const view = state.chunk.subarray(state.at - bytes, state.at);
    return lent || !state.source.reuses ? view : Buffer.from(view);
  }
  const whole = lent ? scratchOf(state, bytes) : Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    if (state.at === state.chunk.length) await nextChunk(state);
    const copied = state.chunk.copy(whole, filled, state.at, state.at + bytes - filled);
    state.at += copied;
    filled += copied;
  }
  return whole;
}

function scratchOf(state: ChannelState, bytes: number): Buffer {
  if (state.scratch.length < bytes) state.scratch = Buffer.allocUnsafeSlow(Math.max(bytes, SCRATCH_BYTES));
  return state.scratch.subarray(0, bytes);
}

async function nextChunk(state: ChannelState): Promise<void> {
  for (;;) {
    const chunk = state.source.read();
    if (chunk !== null) {
      state.chunk = chunk;
      state.at = 0;
      return;
    }
    if (state.failure !== undefined) throw state.failure;
    await new Promise<void>(resolve => {
      state.wake = resolve;
    });
  }
}

function frame(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  const whole = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  whole.write(type, 0, 'latin1');
  whole.writeInt32BE(bytes.length + 4, 1);
  bytes.copy(whole, HEADER_BYTES);
  return whole;
}

async function sayGoodbye(state: ChannelState): Promise<void> {
  const { socket, source } = state;
  state.failure ??= new HoldfastError('replication_failed', 'The replication connection was closed');
  if (!socket.destroyed) {
    const closed = Promise.withResolvers<void>();
    socket.once('close', closed.resolve);
    const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
    socket.end(frame('X', ''));
    // what is still coming would keep the socket open
    source.discard();
    await closed.promise;
    clearTimeout(timer);
  }
  state.wake();
}
