import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Where a command writes. stdout carries results only; progress and errors go to stderr. */
export interface Terminal {
  /** Whether results are written as JSON. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Whether stdout takes colour. */
  readonly color: boolean;
  /** Writes the one result of a command: as JSON, or as the text that `render` makes. */
  result(value: unknown, render: () => string): void;
  /** Writes a part of a result that is too large for one piece; resolves when there is room for more. */
  write(text: string): Promise<void>;
  progress(text: string): void;
  warning(text: string): void;
  /** Writes a line of a log to stderr as it is. */
  log(line: string): void;
  /** Styles text for stdout; returns it unchanged without colour. */
  style(format: Format, text: string): string;
}

export interface TerminalStreams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  /** False when colour is unwanted whatever the stream is. */
  readonly color: boolean;
}

export function createTerminal(streams: TerminalStreams, options: TerminalOptions): Terminal {
  const painter =
    (stream: TerminalStreams['stdout']) =>
    (format: Format, text: string): string =>
      options.color && stream.isTTY === true ? styleText(format, text, { validateStream: false }) : text;
  const style = painter(streams.stdout);
  const errorStyle = painter(streams.stderr);
  return {
    ...options,
    color: options.color && streams.stdout.isTTY === true,
    style,
    result: (value, render) =>
      void streams.stdout.write(`${options.json ? JSON.stringify(value) : render().trimEnd()}\n`),
    write: text => writeAll(streams.stdout, text),
    log: line => void streams.stderr.write(line),
    progress: text => void streams.stderr.write(`${errorStyle('dim', text)}\n`),
    warning: text => void streams.stderr.write(`${errorStyle('yellow', 'warning:')} ${text}\n`),
  };
}

function writeAll(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, error => (error ? reject(error) : resolve()));
  });
}
