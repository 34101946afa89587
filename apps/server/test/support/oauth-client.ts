import { createHash } from 'node:crypto';

/** A confidential client that the test apps know; its id is the client of the people in tests. */
export const CLIENT = { id: 'test', secret: 'the secret of a client in tests' };

const hash = createHash('sha256').update(CLIENT.secret).digest('hex');

export const CLIENT_VALUES = { HOLDFAST_INTROSPECTION_CLIENTS: `${CLIENT.id}:${hash}` };

export function basicAuthorization({ id, secret }: typeof CLIENT = CLIENT): string {
  return `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`;
}

/** A form request of the client. */
export function clientForm(parameters: Readonly<Record<string, string>>) {
  return {
    contentType: 'application/x-www-form-urlencoded',
    headers: { authorization: basicAuthorization() },
    body: new URLSearchParams(parameters).toString(),
  };
}
