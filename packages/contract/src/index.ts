export { type OpenApiOptions, openApiDocument } from './openapi/openapi-document.ts';
export type { Access, Method, Operation, OperationDefinition, Tag } from './operation.ts';
export { type OperationId, operations } from './operations/index.ts';
export { AuditEvent } from './schemas/audit.ts';
export { ImportError, ImportRecord, ImportResult } from './schemas/import.ts';
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
  Login,
  LoginBody,
  LogoutBody,
  RefreshBody,
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
