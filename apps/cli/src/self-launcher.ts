import { fileURLToPath } from 'node:url';
import type { Launcher } from '@holdfast/keeper';
import { childVariables, type Environment } from './env.ts';

/** How to start this very command again as a child: on the same Node.js, without the settings, which the keeper chooses. */
export function selfLauncher(environment: Environment): Launcher {
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL('../bin/holdfast.js', import.meta.url))],
    env: childVariables(environment, {}),
    cwd: environment.cwd,
  };
}
