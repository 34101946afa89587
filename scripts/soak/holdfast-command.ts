import { execFile } from 'node:child_process';
import { join } from 'node:path';

const LAUNCHER = join(import.meta.dirname, '../../apps/cli/bin/holdfast.js');
const LIMIT_MS = 60_000;

/** Runs the command line as an operator does, and answers its JSON. Throws when its exit status is none of the `accepted` ones. */
export function runHoldfast(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  accepted: readonly number[] = [0],
): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [LAUNCHER, ...args, '--json', '--no-env-file'],
      { env: { PATH: '/usr/bin:/bin', ...variables }, timeout: LIMIT_MS },
      (error, stdout, stderr) => {
        if (accepted.includes(error === null ? 0 : Number(error.code)))
          resolve(JSON.parse(stdout) as Record<string, unknown>);
        else reject(new Error(`holdfast ${args.join(' ')} failed: ${stdout}${stderr}`, { cause: error }));
      },
    );
  });
}
