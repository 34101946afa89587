import { databaseUrlProblem, HoldfastError, maskUrl, shellWord } from '@holdfast/core';
import type { SettingFlags } from './env.ts';

/** @throws `usage` for the URL of a database that no client could use */
export function assertDatabaseUrl(option: string, url: string | undefined): void {
  const problem = url === undefined ? undefined : databaseUrlProblem(url);
  if (problem !== undefined) throw new HoldfastError('usage', `${option} ${problem}`);
}

/** What a command that is told to somebody needs to be about the same database. A password is not shown, and has to be filled in. */
export function sameDatabaseWords(flags: SettingFlags): string[] {
  const url = flags['database-url'];
  return url === undefined ? [] : ['--database-url', shellWord(maskUrl(url))];
}
