import { HoldfastError } from '@holdfast/core';

/** An SQL file that cannot be used as it is written: `sql_file_invalid` with the file, the line and what to change. */
export function sqlFileError(file: string, line: number | undefined, problem: string): HoldfastError {
  const place = line === undefined ? file : `${file}, line ${line}`;
  return new HoldfastError('sql_file_invalid', `${place}: ${problem}`, { details: { file, line, problem } });
}
