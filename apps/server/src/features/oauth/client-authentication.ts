import { createHash, timingSafeEqual } from 'node:crypto';
import type { TokenForm } from '@holdfast/contract';
import { type ConfidentialClient, HoldfastError } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';

interface Credentials {
  readonly id: string;
  readonly secret: string;
}

/** Compared with when the client is unknown, so that its absence takes as long as a wrong secret. */
const NOBODY: ConfidentialClient = { id: '', secretHash: '0'.repeat(64) };

/**
 * The client that authenticates by `client_secret_basic` or `client_secret_post` (RFC 6749 section 2.3.1). The secret is
 * compared in constant time.
 * @throws HoldfastError `client_invalid`; `invalid_request` for both ways at once.
 */
export function authenticateClient(
  clients: readonly ConfidentialClient[],
  request: Pick<FastifyRequest, 'headers'>,
  form: TokenForm,
): ConfidentialClient {
  const basic = basicCredentials(request.headers.authorization);
  if (basic !== undefined && form.client_secret !== undefined) {
    throw new HoldfastError('invalid_request', 'Authenticate in the header or in the body, not in both.');
  }
  const given = basic ?? { id: form.client_id ?? '', secret: form.client_secret ?? '' };
  const client = clients.find(({ id }) => id === given.id) ?? NOBODY;
  const fits = timingSafeEqual(hashOf(given.secret), Buffer.from(client.secretHash, 'hex'));
  if (fits && client !== NOBODY) return client;
  throw new HoldfastError('client_invalid', 'The client is not known, or its secret is wrong.');
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Id and secret are form-encoded before they are put together. */
function basicCredentials(header: string | undefined): Credentials | undefined {
  const [, encoded] = /^basic +([\w+/=-]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [id, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { id: formDecoded(id ?? ''), secret: formDecoded(rest.join(':')) };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
