export { type BackoffOptions, equalJitter, fullJitter } from './backoff.ts';
export { type Clock, systemClock } from './clock.ts';
export { formatDuration, parseDuration } from './duration.ts';
export {
  ERROR_REGISTRY,
  type ErrorCode,
  type ErrorEntry,
  problemType,
  SESSION_ENDING_CODES,
} from './error-registry.ts';
export { errorMessage, HoldfastError, type HoldfastErrorOptions, isHoldfastError } from './holdfast-error.ts';
export { idTime, isUuid, newId } from './ids.ts';
export { inGroups } from './in-groups.ts';
export { createRandom, type Random } from './random.ts';
export { isSecretKey, maskUrl, REDACTED, redact, redactText } from './redact.ts';
export * from './settings/index.ts';
export { shellWord } from './shell-word.ts';
export { suggest } from './suggest.ts';
