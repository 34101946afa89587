export {
  ARGON2_PARAMETERS,
  createPasswordHasher,
  type PasswordHasher,
  type PasswordHasherOptions,
} from './password-hasher.ts';
export {
  assertPassword,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  type PasswordContext,
  type PasswordProblem,
  passwordProblem,
} from './password-policy.ts';
