/** The tokens of one signed-in device. */
export interface UserSession {
  readonly id: string;
  accessToken: string;
  refreshToken: string;
  /** The user is signing out and repeats it until it is acknowledged. */
  ending: boolean;
}

interface TokenBody {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export function openSession(body: Readonly<Record<string, unknown>>): UserSession {
  const tokens = readTokens(body);
  return { id: tokenFacts(tokens.refreshToken).sessionId, ...tokens, ending: false };
}

export function readTokens(body: Readonly<Record<string, unknown>>): TokenBody {
  return { accessToken: String(body.accessToken), refreshToken: String(body.refreshToken) };
}

const PREFIX = 'hf_rt_';
const SESSION_AT = 7;
const GENERATION_AT = 23;

/** Which session and generation a refresh token is of; packages/auth/src/tokens/refresh-token.ts writes them. */
export function tokenFacts(refreshToken: string): {
  readonly sessionId: string;
  readonly generation: number;
} {
  const bytes = Buffer.from(refreshToken.slice(PREFIX.length), 'base64url');
  const sessionId = bytes
    .toString('hex', SESSION_AT, GENERATION_AT)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { sessionId, generation: bytes.readUInt32BE(GENERATION_AT) };
}
