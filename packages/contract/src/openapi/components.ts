import type { TSchema } from 'typebox';
import { AuditEvent } from '../schemas/audit.ts';
import { ImportError, ImportRecord, ImportResult } from '../schemas/import.ts';
import { AuthorizationServerMetadata, Introspection, OAuthError, TokenForm } from '../schemas/oauth.ts';
import { NotReadyProblem, Problem, ProblemCode, ProblemItem, ReadinessCheck } from '../schemas/problem.ts';
import { PatchProfileBody, Profile } from '../schemas/profile.ts';
import {
  CreatePermissionBody,
  CreateRoleBody,
  PatchPermissionBody,
  PatchRoleBody,
  Permission,
  Role,
} from '../schemas/role.ts';
import { RevokedCount, Session, SessionList } from '../schemas/session.ts';
import { DatabaseHealth, Health, Jwks, Readiness, ServiceInfo } from '../schemas/system.ts';
import {
  ActiveToken,
  BearerTokens,
  CookieTokens,
  Login,
  LoginBody,
  LogoutBody,
  RefreshBody,
  StepUp,
  StepUpBody,
  TokenState,
  Tokens,
  ValidateBody,
} from '../schemas/tokens.ts';
import {
  AdminUser,
  CreateUserBody,
  PatchMeBody,
  PatchUserBody,
  RegisterBody,
  User,
} from '../schemas/user.ts';

/** The schemas that have a name in the OpenAPI document. */
export const components: Readonly<Record<string, TSchema>> = {
  ActiveToken,
  AdminUser,
  AuditEvent,
  AuthorizationServerMetadata,
  BearerTokens,
  CookieTokens,
  CreatePermissionBody,
  CreateRoleBody,
  CreateUserBody,
  DatabaseHealth,
  Health,
  ImportError,
  ImportRecord,
  ImportResult,
  Introspection,
  Jwks,
  Login,
  LoginBody,
  LogoutBody,
  NotReadyProblem,
  OAuthError,
  PatchMeBody,
  PatchPermissionBody,
  PatchProfileBody,
  PatchRoleBody,
  PatchUserBody,
  Permission,
  Problem,
  ProblemCode,
  ProblemItem,
  Profile,
  Readiness,
  ReadinessCheck,
  RefreshBody,
  RegisterBody,
  RevokedCount,
  Role,
  ServiceInfo,
  Session,
  SessionList,
  StepUp,
  StepUpBody,
  TokenForm,
  Tokens,
  TokenState,
  User,
  ValidateBody,
};
