export { type Authenticator, createAuthenticator } from './authenticator.ts';
export { judgeRefresh, type RefreshVerdict } from './judge-refresh.ts';
export {
  type FailedAttempt,
  insertFailedAttempt,
  type NewSession,
  type StartedSession,
} from './login-queries.ts';
export { createRevocationFeed, type RevocationFeed, type RevocationFeedOptions } from './revocation-feed.ts';
export type { FamilyState, RotatedFamily } from './rotation-queries.ts';
export {
  listSessions,
  REVOCATION_CHANNEL,
  type Revocation,
  type RevocationReason,
  revokeSessions,
  type SessionRow,
  type SessionSelection,
  sessionIsLive,
} from './session-queries.ts';
export {
  createSessionService,
  type IssuedTokens,
  type SessionRequest,
  type SessionService,
  type SessionServiceOptions,
} from './session-service.ts';
