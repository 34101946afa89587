import { ERROR_REGISTRY, type ErrorCode, type ErrorEntry } from './error-registry.ts';

export interface HoldfastErrorOptions {
  readonly cause?: unknown;
  /** Seconds after which trying again is reasonable; becomes `Retry-After`. */
  readonly retryAfter?: number;
  /** Machine-readable facts that are safe to show to the caller, such as per-field errors. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one error type of Holdfast. `code` is stable; `message` says what happened, why, and what to do. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly retryAfter: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfter = options.retryAfter;
    this.details = options.details;
  }

  get entry(): ErrorEntry {
    return ERROR_REGISTRY[this.code];
  }
}

/** Whether a caught value is a HoldfastError, optionally with one of the given codes. */
export function isHoldfastError(error: unknown, ...codes: ErrorCode[]): error is HoldfastError {
  return error instanceof HoldfastError && (codes.length === 0 || codes.includes(error.code));
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(errorMessage).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
