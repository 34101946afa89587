import { runCommandLine } from './command-line.ts';
import { processEnvironment } from './env.ts';

const LINGER_MS = 2_000;

/** Runs the command line of this process and sets its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  process.exitCode = await runCommandLine({
    args,
    environment: processEnvironment(),
    streams: { stdout: process.stdout, stderr: process.stderr },
  });
  // A command that was hurried may leave connections open; they do not keep the process.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/** A reader that went away (`holdfast status | head -1`) is no reason to fail or to stop serving. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
