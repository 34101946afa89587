import { protocolViolation, within } from './backend-message.ts';
import { formatLsn } from './lsn.ts';
import type { WalMessage } from './replication-session.ts';

/** PostgreSQL counts microseconds from the beginning of 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const WAL_HEADER_BYTES = 25;
const KEEPALIVE_BYTES = 18;
const NOTHING = Buffer.alloc(0);

/** What a message of a WAL stream says (manual, section "Streaming Replication Protocol", XLogData and keepalive). */
export function readWalMessage(body: Buffer): { readonly message: WalMessage; readonly end: bigint } {
  const kind = String.fromCharCode(body[0] ?? 0);
  return within('a message of WAL', () => {
    if (kind === 'w') return readData(body);
    if (kind === 'k' && body.length === KEEPALIVE_BYTES) return readKeepalive(body);
    throw protocolViolation(`message "${kind}" of ${body.length} bytes in a stream of WAL`);
  });
}

function readData(body: Buffer): { message: WalMessage; end: bigint } {
  const start = body.readBigUInt64BE(1);
  const serverLsn = formatLsn(body.readBigUInt64BE(9));
  const sentAt = toDate(body.readBigInt64BE(17));
  const data = body.subarray(WAL_HEADER_BYTES);
  const end = start + BigInt(data.length);
  return {
    message: { startLsn: formatLsn(start), endLsn: formatLsn(end), serverLsn, sentAt, data, isUrgent: false },
    end,
  };
}

function readKeepalive(body: Buffer): { message: WalMessage; end: bigint } {
  const end = body.readBigUInt64BE(1);
  const lsn = formatLsn(end);
  const isUrgent = body[17] !== 0;
  const sentAt = toDate(body.readBigInt64BE(9));
  return { message: { startLsn: lsn, endLsn: lsn, serverLsn: lsn, sentAt, data: NOTHING, isUrgent }, end };
}

/** What the server is told: how far WAL has been received, and how far it is durable. */
export function statusMessage(received: bigint, flushed: bigint, now: number, wantsReply: boolean): Buffer {
  const body = Buffer.alloc(34);
  body.write('r', 0, 'latin1');
  body.writeBigUInt64BE(received, 1);
  body.writeBigUInt64BE(flushed, 9);
  // applied: nothing is, here
  body.writeBigUInt64BE(0n, 17);
  body.writeBigInt64BE(BigInt(Math.round(now) - EPOCH_MS) * 1000n, 25);
  body.writeUInt8(wantsReply ? 1 : 0, 33);
  return body;
}

function toDate(microseconds: bigint): Date {
  return new Date(EPOCH_MS + Number(microseconds / 1000n));
}
