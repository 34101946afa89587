export type PartName = 'postgres' | 'server';

/** What a part is doing. `since` is ISO 8601; delays are over at `retryAt`. */
export type PartState =
  | { readonly kind: 'stopped'; readonly since: string }
  | { readonly kind: 'starting'; readonly since: string; readonly attempt: number }
  | { readonly kind: 'running'; readonly since: string; readonly pid: number; readonly adopted: boolean }
  | {
      readonly kind: 'backing-off';
      readonly since: string;
      readonly attempt: number;
      readonly retryAt: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'crash-looping';
      readonly since: string;
      readonly exits: number;
      readonly retryAt: string;
      readonly reason: string;
    };

/** The pid of a part that runs; undefined otherwise. */
export function pidOf(state: PartState): number | undefined {
  return state.kind === 'running' ? state.pid : undefined;
}

/** Why a part does not run; undefined when there is nothing to tell. */
export function reasonOf(state: PartState): string | undefined {
  return state.kind === 'backing-off' || state.kind === 'crash-looping' ? state.reason : undefined;
}
