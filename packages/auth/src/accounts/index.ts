export type { Account, AccountStatus, Profile, ProfileChange } from './account.ts';
export { type AccountFilter, findAccount, findSessionAccount, listAccounts } from './account-queries.ts';
export {
  type AccountChange,
  type AdministeredAccount,
  assertMayAdminister,
  changeAccount,
  createAccountFor,
  deleteAccount,
  disableAccount,
  enableAccount,
  restoreAccount,
} from './administration.ts';
export { type AdministratorResult, ensureAdministrator } from './administrator.ts';
export {
  type ImportDependencies,
  type ImportedAccount,
  type ImportOptions,
  type ImportOutcome,
  type ImportProblem,
  importAccounts,
} from './import-accounts.ts';
export { type LoginDependencies, type LoginRequest, logIn } from './log-in.ts';
export { changeOwnAccount, changeOwnProfile, confirmPassword, type OwnAccountChange } from './own-account.ts';
export { findProfile } from './profile-queries.ts';
export {
  type AccountDependencies,
  DEFAULT_ROLE,
  type Registration,
  registerAccount,
} from './register-account.ts';
