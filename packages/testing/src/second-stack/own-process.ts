import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../eventually.ts';
import { atForcedExit } from '../process-end.ts';

/** A process of a stack, started and stopped at will, and never left behind. */
export interface OwnProcess {
  /** Undefined when it does not run. */
  readonly pid: number | undefined;
  /** Ends one that runs, and resolves when the new one `isUp`. Throws when the process ends before. */
  start(isUp: () => Promise<boolean>): Promise<void>;
  /** Resolves when it is gone; at once when it does not run. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

const PATIENCE = { timeoutMs: 30_000, pollMs: 50 };

export function ownProcess(launch: () => ChildProcess): OwnProcess {
  let running: { readonly child: ChildProcess; readonly exited: Promise<unknown>; letGo(): void } | undefined;
  return {
    get pid() {
      return running?.child.pid;
    },
    start: async isUp => {
      running?.child.kill('SIGKILL');
      await running?.exited;
      const child = launch();
      const own = {
        child,
        exited: once(child, 'exit'),
        letGo: atForcedExit(() => void child.kill('SIGKILL')),
      };
      running = own;
      own.exited.then(
        () => {
          own.letGo();
          if (running === own) running = undefined;
        },
        () => undefined,
      );
      await eventually(async () => {
        if (child.exitCode !== null) return 'ended' as const;
        return (await isUp()) && ('up' as const);
      }, PATIENCE).then(state => {
        if (state === 'ended') throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
      });
    },
    stop: async (signal = 'SIGTERM') => {
      const own = running;
      if (own === undefined) return;
      own.child.kill(signal);
      await own.exited;
    },
    signal: name => void running?.child.kill(name),
  };
}
