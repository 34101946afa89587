/** How grave a message is; 0 where the line does not say. */
export type Severity = 0 | 1 | 2 | 3 | 4;

/**
 * What one line says. One object is filled again for each line, so whoever keeps something copies it. A line is a request
 * when it has a status, and a message when it has a text; some are both.
 */
export interface Entry {
  /** Milliseconds since the epoch. */
  time: number;
  /** 0 when the line is no request. */
  status: number;
  method: string;
  /** The path without its query, or the template of the route. */
  path: string;
  /** Whether the path is a template already. */
  routed: boolean;
  /** The address of whoever asked; empty when unknown. */
  client: string;
  /** The id of the user; empty when unknown. */
  user: string;
  /** -1 when unknown. */
  durationMs: number;
  /** The user agent; read for failed requests only, where it is of use. */
  agent: string;
  /** 0 unknown, 1 information, 2 warning, 3 error, 4 fatal. */
  severity: Severity;
  message: string;
  /** The stable code of an error. */
  code: string;
  /** The version of the program that wrote the line, where it says so. */
  version: string;
}

export function emptyEntry(): Entry {
  return {
    time: 0,
    status: 0,
    method: '',
    path: '',
    routed: false,
    client: '',
    user: '',
    durationMs: -1,
    agent: '',
    severity: 0,
    message: '',
    code: '',
    version: '',
  };
}

/** Forgets the line before; the time is always written anew. */
export function clearEntry(entry: Entry): void {
  entry.status = 0;
  entry.method = '';
  entry.path = '';
  entry.routed = false;
  entry.client = '';
  entry.user = '';
  entry.durationMs = -1;
  entry.agent = '';
  entry.severity = 0;
  entry.message = '';
  entry.code = '';
  entry.version = '';
}
