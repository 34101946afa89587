import type { SOCKET_CLOSE } from '@holdfast/contract';
import { SESSION_ENDING_CODES } from '@holdfast/core';
import { classifyError } from '../../problems/classify-error.ts';

const ENDING: ReadonlySet<string> = new Set(SESSION_ENDING_CODES);

/** How a connection is closed that could not be authenticated. Trouble of the server is never called a bad token. */
export function closeFor(error: unknown): keyof typeof SOCKET_CLOSE {
  const { code, entry } = classifyError(error);
  if (ENDING.has(code)) return 'sessionRevoked';
  return entry.status === 401 ? 'unauthenticated' : 'unavailable';
}
