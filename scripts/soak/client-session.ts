/** What a client's tabs share: the same object for as long as the session lasts. */
export interface ClientSession {
  accessToken: string;
  refreshToken: string;
  /** Monotonic time from which a tab renews the access token before it is used. */
  renewAt: number;
  /** The client itself is ending it: refusals are expected from now on. */
  ending: boolean;
}

const RENEW_MARGIN_S = 3;

export function openSession(body: Readonly<Record<string, unknown>>): ClientSession {
  return { ...readTokens(body), ending: false };
}

/** Takes the answer of a refresh in, unless another tab has put a newer token into the store meanwhile. */
export function renewSession(
  session: ClientSession,
  presented: string,
  body: Readonly<Record<string, unknown>>,
): void {
  if (session.refreshToken === presented) Object.assign(session, readTokens(body));
}

function readTokens({ accessToken, refreshToken, expiresIn }: Readonly<Record<string, unknown>>) {
  const renewAt = performance.now() + (Number(expiresIn) - RENEW_MARGIN_S) * 1_000;
  return { accessToken: String(accessToken), refreshToken: String(refreshToken), renewAt };
}

const OFFSET = { family: 7, generation: 23, issuedAt: 43, expiry: 49 } as const;

/** Session, generation and issue time as the token says them, to look its story up in the audit log. */
export function describeToken(token: string): string {
  const bytes = Buffer.from(token.slice('hf_rt_'.length), 'base64url');
  if (bytes.length < OFFSET.expiry) return '(not a refresh token)';
  const session = bytes
    .toString('hex', OFFSET.family, OFFSET.generation)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const issuedAt = new Date(bytes.readUIntBE(OFFSET.issuedAt, 6)).toISOString();
  return `session ${session} generation ${bytes.readUInt32BE(OFFSET.generation)} issued ${issuedAt}`;
}
