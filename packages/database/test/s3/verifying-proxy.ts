import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { startFauxqs } from 'fauxqs';
import { type S3Credentials, signatureProblem } from './aws-signature.ts';

/** An S3 that checks signatures: fauxqs, which does not, behind a proxy that does. */
export interface VerifyingS3 {
  readonly port: number;
  /** `METHOD /path?query` of the requests whose signatures were right, decoded. */
  readonly accepted: readonly string[];
  /** What was said to the others. */
  readonly refused: readonly string[];
  /** From now on a byte of every body is changed on its way. */
  tamper(on: boolean): void;
}

export const CREDENTIALS: S3Credentials = {
  accessKeyId: 'AKIATESTTESTTESTTEST',
  secretAccessKey: 'a+secret/with=signs and a space',
};

/** With an empty bucket of this name; gone after the test. */
export async function startVerifyingS3(t: TestContext, bucket: string): Promise<VerifyingS3> {
  const behind = await startFauxqs({ port: 0, logger: false, init: { buckets: [bucket] } });
  t.after(() => behind.stop());
  const [accepted, refused]: [string[], string[]] = [[], []];
  const state = { tampers: false };
  const proxy = createServer(async (incoming, response) => {
    const body = await buffer(incoming);
    if (state.tampers && body.length > 0) body[0] = (body[0] ?? 0) ^ 1;
    const { method = '', url: target = '' } = incoming;
    const problem = signatureProblem({ method, target, headers: headersOf(incoming), body }, CREDENTIALS);
    if (problem !== undefined) {
      refused.push(problem);
      refuse(response, problem);
      return;
    }
    accepted.push(`${method} ${decodeURIComponent(target)}`);
    forward(incoming, body, behind.port, response);
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return {
    port: (proxy.address() as AddressInfo).port,
    accepted,
    refused,
    tamper: on => {
      state.tampers = on;
    },
  };
}

/** The URL of a place in it. */
export function placeUrl({ port }: VerifyingS3, path: string, credentials = CREDENTIALS): string {
  const [key, secret] = [credentials.accessKeyId, credentials.secretAccessKey].map(encodeURIComponent);
  const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
  return `s3://${key}:${secret}@${path}?endpoint=${endpoint}&part-mb=5`;
}

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
}

function refuse(response: ServerResponse, code: string): void {
  response.writeHead(403, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
  );
}

function forward(incoming: IncomingMessage, body: Buffer, port: number, response: ServerResponse): void {
  const { method, url, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  onward.end(body);
}
