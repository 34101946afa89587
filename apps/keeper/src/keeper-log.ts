import { redactText } from '@holdfast/core';
import { type Logger, pino } from 'pino';
import { createLineFile, type LineFile } from './records/line-file.ts';

const MAX_BYTES = 10_000_000;

export interface KeeperLog {
  readonly logger: Logger;
  readonly file: LineFile;
}

/** The keeper's log: JSON lines in a bounded file. A disk that takes no more lines costs lines, not the keeper. */
export function openKeeperLog(path: string, level: string): KeeperLog {
  const file = createLineFile({ path, maxBytes: MAX_BYTES });
  const logger = pino(
    {
      level,
      base: { name: 'keeper', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write: (line: string) => file.append(redactText(line.trimEnd())) },
  );
  return { logger, file };
}
