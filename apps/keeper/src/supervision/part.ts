import type { Exit } from '../process/exit.ts';
import type { PartName } from './part-state.ts';

/** One life of a part: a process that serves. */
export interface PartProcess {
  readonly pid: number;
  /** Whether it was running before this keeper. */
  readonly adopted: boolean;
  readonly exited: Promise<Exit>;
  /** Ends it in order; resolves when it is gone. Aborting `hurry` ends it at once. */
  stop(hurry: AbortSignal): Promise<void>;
  kill(): void;
}

/** Something the supervisor keeps alive. */
export interface Part {
  readonly name: PartName;
  /**
   * Starts the part and resolves when it serves. Rejects with the reason when it does not; then nothing of it is left.
   * Aborting `signal` ends a start that is under way.
   */
  launch(signal: AbortSignal): Promise<PartProcess>;
  /** One line about the exit of a life: how it ended and why. */
  explain(exit: Exit): Promise<string>;
  /** Resolves when the life hangs and must be killed; rejects or stays pending once `signal` is aborted. */
  hangs?(process: PartProcess, signal: AbortSignal): Promise<string>;
}
