import type { Diagnosis, Fault } from '@holdfast/doctor';

/** What the doctor has to say about a fault. */
export interface Expected {
  readonly code: string;
  readonly layer: string;
  readonly subject: string;
  /** Further subjects of the same cause. */
  readonly also?: readonly string[];
}

/** A fault bound to the system that it breaks. */
export interface Injection {
  /** The same for every seed: what groups the cells of one fault. */
  readonly kind: string;
  /** What is done, with the subject. */
  readonly name: string;
  readonly expected: Expected;
  /** The tables and processes that it changes: two faults that share one are not combined. */
  readonly touches: readonly string[];
  inject(): Promise<void>;
  heal(): Promise<void>;
}

/** A state of a sound system that looks like trouble, or goes with it. */
export interface HealthyControl {
  readonly name: string;
  /** Brings the system into that state; nothing for a state that it is in anyhow. */
  prepare?(): Promise<void>;
  /** Goes on until the examination is over. */
  during?(signal: AbortSignal): Promise<void>;
}

/** The system as somebody sees it who cannot see everything. */
export interface HiddenView {
  readonly name: string;
  examine(): Promise<Diagnosis>;
}

/** How the command of the program reaches the system, as a process of its own. */
export interface CommandAccess {
  /** What names the system to `holdfast doctor`. */
  readonly args: readonly string[];
  /** What `--fix` needs besides. */
  readonly fixArgs: readonly string[];
  /** What names it, as its superuser, to `holdfast backup`. */
  readonly backupArgs: readonly string[];
  readonly backupVariables: Readonly<Record<string, string>>;
  /** The whole environment of the doctor. */
  variables(): Promise<Readonly<Record<string, string>>>;
  /** Where the doctor keeps the journals of its repairs. */
  readonly stateDirectory: string;
  /** Where backups are. */
  readonly backups: string;
  /** The database of the system, as superuser. */
  databaseUrl(): string;
  /** The processes of the system itself; others that name one of `homes` were left by a command. */
  pids(): readonly (number | undefined)[];
  readonly homes: readonly string[];
}

export type StackName = 'own' | 'other';

/** A running system that can be broken and examined. */
export interface MatrixSystem {
  readonly stack: StackName;
  readonly codebook: readonly Fault[];
  readonly injections: readonly Injection[];
  /** Names of exported injections for which no subject is known. */
  readonly uncovered: readonly string[];
  readonly controls: readonly HealthyControl[];
  readonly hiddenViews: readonly HiddenView[];
  readonly access: CommandAccess;
  examine(): Promise<Diagnosis>;
  /** Ends everything, whatever state it is in. */
  close(): Promise<void>;
}
