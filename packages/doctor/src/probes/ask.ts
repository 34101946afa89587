import { errorMessage, redactText } from '@holdfast/core';
import { milliseconds, type ProbeTools } from './probe.ts';

/** An answer to an HTTP request, or why there was none. */
export type Answer =
  | {
      readonly result: 'answered';
      readonly milliseconds: number;
      readonly status: number;
      readonly contentType: string;
      /** Parsed JSON, or the text of anything else. */
      readonly body: unknown;
      /** The Date header in milliseconds since the epoch, with the local time at which it arrived. */
      readonly date: { readonly theirs: number; readonly ours: number } | undefined;
    }
  | { readonly result: 'timeout' | 'broken'; readonly milliseconds: number; readonly message: string };

export interface Request {
  readonly url: string;
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** Sends one request, never follows a redirect, and never rejects. */
export async function ask(
  request: Request,
  { clock, signal }: Pick<ProbeTools, 'clock' | 'signal'>,
): Promise<Answer> {
  const begin = clock.monotonic();
  const timeout = AbortSignal.timeout(request.timeoutMs);
  try {
    const response = await fetch(request.url, {
      method: request.method ?? 'GET',
      redirect: 'manual',
      headers: headersOf(request),
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: AbortSignal.any([signal, timeout]),
    });
    const text = await response.text();
    const ours = clock.now();
    const contentType = response.headers.get('content-type') ?? '';
    const theirs = Date.parse(response.headers.get('date') ?? '');
    return {
      result: 'answered',
      milliseconds: milliseconds(begin, clock.monotonic()),
      status: response.status,
      contentType,
      body: contentType.includes('json') ? parseJson(text) : text,
      date: Number.isNaN(theirs) ? undefined : { theirs, ours },
    };
  } catch (error) {
    const message = redactText(errorMessage(error instanceof Error ? (error.cause ?? error) : error));
    const result = timeout.aborted ? 'timeout' : 'broken';
    return { result, milliseconds: milliseconds(begin, clock.monotonic()), message };
  }
}

function headersOf({ token, body }: Request): Record<string, string> {
  return {
    'user-agent': 'holdfast-doctor',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
