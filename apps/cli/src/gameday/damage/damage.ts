import type { CopiedDatabase } from '../system/database.ts';
import type { RunningSystem } from '../system/running-system.ts';

/** What damage is done to. */
export interface DamageScene {
  readonly system: RunningSystem;
  readonly database: CopiedDatabase;
}

/** How the damage must be recognised. */
export type Signal =
  | { readonly by: 'doctor'; readonly codes: readonly string[]; readonly subject?: string }
  /** An entry of the health catalogue that is critical or a warning. */
  | { readonly by: 'health'; readonly entries: readonly string[] }
  /** The rows of a table that the newest backup has and the database has not. */
  | { readonly by: 'diff'; readonly table: string }
  /** The keeper has noted it, and mended it already. */
  | { readonly by: 'incident'; readonly part: string };

/** The accepted repair; docs/recovery.md says why this one. */
export type Remedy =
  /** Rows of one table come back, everything else stays as it is. */
  | { readonly kind: 'table'; readonly table: string }
  /** All of it goes back to just before the damage. */
  | { readonly kind: 'point-in-time' }
  /** All of it comes back with everything that the WAL archive has. */
  | { readonly kind: 'latest' }
  /** The backup alone is left. */
  | { readonly kind: 'backup' }
  /** A statement mends it. */
  | { readonly kind: 'statement'; readonly command: string; mend(scene: DamageScene): Promise<void> }
  /** The keeper mends it by itself. */
  | { readonly kind: 'wait' };

/** One kind of damage, done to the real thing. */
export interface Damage {
  readonly name: string;
  readonly what: string;
  inflict(scene: DamageScene): Promise<void>;
  readonly signal: Signal;
  readonly remedy: Remedy;
}
