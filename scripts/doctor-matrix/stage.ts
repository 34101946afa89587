import { openOtherSystem } from './other-system.ts';
import { openOwnSystem } from './own-system.ts';
import type { MatrixSystem, StackName } from './system.ts';

/** The system that is examined now. It is replaced by a new one when it cannot be mended. */
export interface Stage {
  readonly system: MatrixSystem;
  replace(): Promise<void>;
  close(): Promise<void>;
}

const OPEN: Readonly<Record<StackName, (seed: number) => Promise<MatrixSystem>>> = {
  own: openOwnSystem,
  other: openOtherSystem,
};

export async function openStage(stack: StackName, seed: number): Promise<Stage> {
  let system = await OPEN[stack](seed);
  return {
    get system() {
      return system;
    },
    replace: async () => {
      await system.close();
      system = await OPEN[stack](seed);
    },
    close: () => system.close(),
  };
}
