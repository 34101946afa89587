export type { PolicyChoice } from './choose-policies.ts';
export { type PolicyEntry, readPolicyFile } from './policy-file.ts';
export { parseRetention } from './retention.ts';
export {
  type CleanupEvent,
  type CleanupOptions,
  type CleanupOutcome,
  type CleanupProgress,
  type CleanupResult,
  type CleanupRun,
  runCleanup,
} from './run-cleanup.ts';
