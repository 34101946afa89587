/** Something that the API has acknowledged, and that must be there afterwards. */
export type Write =
  | { readonly kind: 'account'; readonly userId: string; readonly email: string }
  /** Profiles carry a number that grows with each change. */
  | { readonly kind: 'profile'; readonly userId: string; readonly revision: number }
  | { readonly kind: 'sign-in'; readonly sessionId: string; readonly userId: string }
  | { readonly kind: 'refresh'; readonly sessionId: string; readonly generation: number }
  | { readonly kind: 'sign-out'; readonly sessionId: string };

export interface LoggedWrite {
  /** When the answer arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly write: Write;
}

/** Every acknowledged write, in the order of the answers. */
export interface WriteLog {
  add(write: Write): void;
  /** How many there are: a mark in the log. */
  readonly length: number;
  slice(from: number, to?: number): readonly LoggedWrite[];
}

export function createWriteLog(now: () => number): WriteLog {
  const writes: LoggedWrite[] = [];
  return {
    add: write => void writes.push({ at: now(), write }),
    get length() {
      return writes.length;
    },
    slice: (from, to) => writes.slice(from, to),
  };
}

/** What the database must hold after some writes. */
export interface ExpectedState {
  readonly accounts: ReadonlyMap<string, { readonly email: string }>;
  readonly profiles: ReadonlyMap<string, { readonly revision: number }>;
  readonly sessions: ReadonlyMap<string, ExpectedSession>;
}

export interface ExpectedSession {
  readonly userId: string;
  readonly generation: number;
  readonly ended: boolean;
}

export function expectedState(writes: readonly LoggedWrite[]): ExpectedState {
  const accounts = new Map<string, { email: string }>();
  const profiles = new Map<string, { revision: number }>();
  const sessions = new Map<string, ExpectedSession>();
  for (const { write } of writes) {
    if (write.kind === 'account') accounts.set(write.userId, { email: write.email });
    else if (write.kind === 'profile') profiles.set(write.userId, { revision: write.revision });
    else if (write.kind === 'sign-in')
      sessions.set(write.sessionId, { userId: write.userId, generation: 0, ended: false });
    else {
      const session = sessions.get(write.sessionId);
      if (session !== undefined) sessions.set(write.sessionId, changed(session, write));
    }
  }
  return { accounts, profiles, sessions };
}

function changed(
  session: ExpectedSession,
  write: Extract<Write, { readonly kind: 'refresh' | 'sign-out' }>,
): ExpectedSession {
  if (write.kind === 'sign-out') return { ...session, ended: true };
  return { ...session, generation: Math.max(session.generation, write.generation) };
}

/** Writes by kind. */
export function countWrites(writes: readonly LoggedWrite[]): Readonly<Record<Write['kind'], number>> {
  const counts = { account: 0, profile: 0, 'sign-in': 0, refresh: 0, 'sign-out': 0 };
  for (const { write } of writes) counts[write.kind] += 1;
  return counts;
}
