import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { errorMessage } from '@holdfast/core';
import { displayName, documentError } from './document-error.ts';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 50 * 1_048_576;

/**
 * Reads the text at a `file:`, `http:` or `https:` URI.
 * @throws `openapi_unusable` when there is none, or more than 50 MiB.
 */
export async function readText(uri: string, signal?: AbortSignal): Promise<string> {
  try {
    return uri.startsWith('file:')
      ? await readFile(fileURLToPath(uri), 'utf8')
      : await fetchText(uri, signal);
  } catch (error) {
    const reason = error instanceof Error ? (error.cause ?? error) : error;
    throw documentError(displayName(uri), `cannot be read: ${errorMessage(reason)}`, error);
  }
}

async function fetchText(uri: string, signal: AbortSignal | undefined): Promise<string> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(uri, {
    headers: { accept: 'application/json, application/yaml, text/yaml, */*;q=0.5' },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error('it is larger than 50 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
