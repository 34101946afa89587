/** A request of a generated log. */
export interface LoggedRequest {
  time: number;
  readonly method: string;
  readonly path: string;
  readonly route: string | null;
  status: number;
  readonly user: string | undefined;
  readonly client: string;
  readonly agent: string;
  durationMs: number;
  code: string | undefined;
}

/** A line that is no request. */
export interface LoggedMessage {
  readonly time: number;
  readonly from: 'server' | 'postgres';
  readonly level: 'info' | 'warn' | 'error' | 'fatal';
  readonly text: string;
  readonly version?: string;
}

/** What an analysis has to find. */
export interface LogTruth {
  readonly kind: string;
  /** Of the first line that belongs to it. */
  readonly onset: number;
  readonly end: number;
  /** As `POST /path/{id}`; one of those affected. */
  readonly endpoint: string;
  readonly users: ReadonlySet<string>;
  readonly clients: ReadonlySet<string>;
  /** Whether it is none of the system's troubles. */
  readonly isNoise: boolean;
}

export interface GeneratedLog {
  readonly requests: readonly LoggedRequest[];
  readonly messages: readonly LoggedMessage[];
  readonly deployments: readonly { readonly time: number; readonly label: string }[];
  readonly truth: LogTruth | undefined;
}
