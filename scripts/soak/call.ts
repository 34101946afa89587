import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';

/** What became of one HTTP request. */
export type Answer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The `code` of a problem document. */
      readonly code: string | undefined;
      readonly body: Readonly<Record<string, unknown>>;
      readonly retryAfterMs: number | undefined;
    }
  /** No answer: refused, cut, or silent for too long. Whether the server did the work is not known. */
  | { readonly kind: 'lost'; readonly why: string };

export interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly bearer?: string;
  readonly body?: unknown;
}

const TIMEOUT_MS = 10_000;
const agent = new Agent({ keepAlive: true, maxFreeSockets: 512 });

/** One request, one attempt. Never throws. */
export async function call({ url, method, bearer, body }: Call, signal: AbortSignal): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const cut = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const outgoing = request(url, {
      agent,
      method,
      signal: cut,
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    outgoing.end(text);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    return await readAnswer(incoming);
  } catch (error) {
    return { kind: 'lost', why: error instanceof Error ? error.message : String(error) };
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const seconds = Number(incoming.headers['retry-after']);
  return {
    kind: 'answered',
    status: incoming.statusCode ?? 0,
    code: typeof body.code === 'string' ? body.code : undefined,
    body,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
  };
}

/** Closes the connections that calls have left open. */
export function closeCalls(): void {
  agent.destroy();
}
