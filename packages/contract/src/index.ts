export * from './cookies.ts';
export { type OpenApiOptions, openApiDocument } from './openapi/openapi-document.ts';
export {
  type Access,
  type Method,
  type Operation,
  type OperationDefinition,
  RECENT_AUTH_SECONDS,
  type Tag,
} from './operation.ts';
export { type OperationId, operations } from './operations/index.ts';
export { AuditEvent } from './schemas/audit.ts';
export { ImportError, ImportRecord, ImportResult } from './schemas/import.ts';
export { AuthorizationServerMetadata, Introspection, OAuthError, TokenForm } from './schemas/oauth.ts';
export { type PageOf, pageOf } from './schemas/page.ts';
export { NotReadyProblem, Problem, ReadinessCheck } from './schemas/problem.ts';
export { PatchProfileBody, Profile } from './schemas/profile.ts';
export {
  CreatePermissionBody,
  CreateRoleBody,
  PatchPermissionBody,
  PatchRoleBody,
  Permission,
  Role,
} from './schemas/role.ts';
export { RevokedCount, Session, SessionList } from './schemas/session.ts';
export { DatabaseHealth, Health, Jwks, Readiness, ServiceInfo } from './schemas/system.ts';
export {
  ActiveToken,
  BearerTokens,
  CookieTokens,
  Login,
  LoginBody,
  LogoutBody,
  REFRESH_TOKEN_PREFIX,
  RefreshBody,
  StepUp,
  StepUpBody,
  TokenState,
  Tokens,
  ValidateBody,
} from './schemas/tokens.ts';
export {
  AdminUser,
  CreateUserBody,
  PatchMeBody,
  PatchUserBody,
  RegisterBody,
  User,
  UserStatus,
} from './schemas/user.ts';
export * from './socket.ts';
