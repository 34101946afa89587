export { type Authenticator, createAuthenticator, sessionUnknown } from './authenticator.ts';
export { createDatabaseClock, type DatabaseClock } from './database-clock.ts';
export { judgeRefresh, type RefreshVerdict } from './judge-refresh.ts';
export {
  type FailedAttempt,
  insertFailedAttempt,
  type NewSession,
  type StartedSession,
} from './login-queries.ts';
export { createRevocationFeed, type RevocationFeed, type RevocationFeedOptions } from './revocation-feed.ts';
export {
  createRevoker,
  type Revocation,
  type RevokerOptions,
  type RevokeSessions,
  type SessionSelection,
} from './revoke-sessions.ts';
export { type FamilyState, type RotatedFamily, rotateFamily } from './rotation-queries.ts';
export {
  findSessionClient,
  findSessionState,
  findSessionStates,
  listSessions,
  purgeSessions,
  REVOCATION_CHANNEL,
  type RevocationReason,
  type SessionRow,
  type SessionState,
  sessionEndedBefore,
  sessionIsLive,
} from './session-queries.ts';
export {
  createSessionService,
  type InspectedSession,
  type IssuedTokens,
  type SessionRequest,
  type SessionService,
  type SessionServiceOptions,
} from './session-service.ts';
