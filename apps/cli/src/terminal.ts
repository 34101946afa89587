import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Where a command writes. stdout carries results only; progress and errors go to stderr. */
export interface Terminal {
  /** Whether results are written as JSON. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Whether stdout takes colour. */
  readonly color: boolean;
  /** How wide a line of stdout should be at most; undefined where that is up to the reader. */
  readonly columns: number | undefined;
  /** Writes the one result of a command: as JSON, or as the text that `render` makes. */
  result(value: unknown, render: () => string): void;
  /** Writes a part of a result that is too large for one piece; resolves when there is room for more. */
  write(text: string): Promise<void>;
  progress(text: string): void;
  /** Shows in the last line of a terminal what is going on, instead of what was there; says nothing anywhere else. */
  status(text: string): void;
  warning(text: string): void;
  /** Writes a line of a log to stderr as it is. */
  log(line: string): void;
  /** Styles text for stdout; returns it unchanged without colour. */
  style(format: Format, text: string): string;
}

export interface TerminalStreams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  /** False when colour is unwanted whatever the stream is. */
  readonly color: boolean;
}

/** Longer lines are hard to read. */
const MOST_COLUMNS = 100;

export function createTerminal(streams: TerminalStreams, options: TerminalOptions): Terminal {
  const painter =
    (stream: TerminalStreams['stdout']) =>
    (format: Format, text: string): string =>
      options.color && stream.isTTY === true ? styleText(format, text, { validateStream: false }) : text;
  const style = painter(streams.stdout);
  const errorStyle = painter(streams.stderr);
  const line = statusLine(streams.stderr);
  return {
    ...options,
    color: options.color && streams.stdout.isTTY === true,
    columns:
      streams.stdout.columns === undefined ? undefined : Math.min(streams.stdout.columns, MOST_COLUMNS),
    style,
    result: (value, render) => {
      line.clear();
      streams.stdout.write(`${options.json ? JSON.stringify(value) : render().trimEnd()}\n`);
    },
    write: text => writeAll(streams.stdout, text),
    log: text => void line.clear().write(text),
    progress: text => void line.clear().write(`${errorStyle('dim', text)}\n`),
    status: text => line.show(errorStyle('dim', text)),
    warning: text => void line.clear().write(`${errorStyle('yellow', 'warning:')} ${text}\n`),
  };
}

function writeAll(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, error => (error ? reject(error) : resolve()));
  });
}

/** The line of a terminal that is written anew again and again. */
function statusLine(stream: TerminalStreams['stderr']): {
  show(text: string): void;
  clear(): TerminalStreams['stderr'];
} {
  let shown = false;
  return {
    show: text => {
      if (stream.isTTY !== true) return;
      stream.write(`\r${text}\u001b[K`);
      shown = true;
    },
    clear: () => {
      if (shown) stream.write('\r\u001b[K');
      shown = false;
      return stream;
    },
  };
}
