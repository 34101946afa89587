import { SocketClientMessage } from '@holdfast/contract';
import { Check } from 'typebox/value';

/** The message in a frame; undefined for anything that is none. */
export function parseSocketMessage(data: Buffer, isBinary: boolean): SocketClientMessage | undefined {
  if (isBinary) return undefined;
  try {
    const message: unknown = JSON.parse(data.toString('utf8'));
    return Check(SocketClientMessage, message) ? message : undefined;
  } catch {
    return undefined;
  }
}
