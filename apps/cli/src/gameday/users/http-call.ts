/** What became of one request. */
export type Answer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The `code` of a problem document. */
      readonly code: string | undefined;
      readonly body: Readonly<Record<string, unknown>>;
    }
  /** Refused, cut, or silent for too long. Whether the server did the work is not known. */
  | { readonly kind: 'lost'; readonly why: string };

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly bearer?: string;
  readonly body?: unknown;
}

const TIMEOUT_MS = 15_000;

/** One request, one attempt. Never throws. */
export async function httpCall(baseUrl: string, { method, path, bearer, body }: Call): Promise<Answer> {
  try {
    const response = await fetch(baseUrl + path, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const document = parseObject(await response.text());
    const code = typeof document.code === 'string' ? document.code : undefined;
    return { kind: 'answered', status: response.status, code, body: document };
  } catch (error) {
    return { kind: 'lost', why: describe(error) };
  }
}

/** fetch says only "fetch failed"; its cause says why. */
function describe(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
