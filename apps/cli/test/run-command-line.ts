import { Writable } from 'node:stream';
import { runCommandLine } from '../src/command-line.ts';

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process, as if in `cwd`, with nothing in its environment but `variables`. */
export async function runHoldfast(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): Promise<Output> {
  const stdout = collector();
  const stderr = collector();
  const code = await runCommandLine({
    args: [...args, '--no-env-file'],
    environment: { variables, cwd },
    streams: { stdout: stdout.stream, stderr: stderr.stream },
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** The same with `--json`, parsed. */
export async function runHoldfastJson<T>(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ code: number; result: T }> {
  const { code, stdout } = await runHoldfast([...args, '--json'], variables);
  return { code, result: JSON.parse(stdout) as T };
}

function collector(): { stream: Writable; text: () => string } {
  let text = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
}
