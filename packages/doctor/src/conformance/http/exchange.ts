/** One HTTP request, as it goes over the wire. */
export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The answer to a request. */
export interface ApiAnswer {
  readonly result: 'answered';
  readonly request: ApiRequest;
  readonly status: number;
  /** By lower-case name; several of one name are joined with commas, except `set-cookie`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  /** Without parameters, in lower case; empty when there is none. */
  readonly mediaType: string;
  /** Decoded as its content encoding says. */
  readonly text: string;
  /** Whether the body was longer than is read. */
  readonly truncated: boolean;
  /** Why the body could not be decoded. */
  readonly undecodable: string | undefined;
  /** From the first byte of the request to the last of the answer. */
  readonly milliseconds: number;
}

export interface NoAnswer {
  readonly result: 'timeout' | 'broken';
  readonly request: ApiRequest;
  readonly message: string;
  /** Such as ECONNREFUSED. */
  readonly code: string | undefined;
  readonly milliseconds: number;
}

export type Exchange = ApiAnswer | NoAnswer;

/** The body as JSON; undefined when it is none. */
export function jsonOf({ text }: ApiAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
