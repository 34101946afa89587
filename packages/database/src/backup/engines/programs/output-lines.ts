import { programOutput, type RunOptions } from './run-program.ts';

/** The lines that a program writes to stdout, as they come; fails as `programOutput` does. */
export async function* outputLines(options: RunOptions): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of programOutput(options)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
