import { databaseUrlProblem, HoldfastError } from '@holdfast/core';

/** @throws `usage` for the URL of a database that no client could use */
export function assertDatabaseUrl(option: string, url: string | undefined): void {
  const problem = url === undefined ? undefined : databaseUrlProblem(url);
  if (problem !== undefined) throw new HoldfastError('usage', `${option} ${problem}`);
}
