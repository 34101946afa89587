import { HoldfastError } from '@holdfast/core';

const FORBIDDEN = /[\p{Cc}\\]/u;

/** Why a text cannot be the name of something stored; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.length > 1_000) return 'it is too long';
  if (FORBIDDEN.test(name)) return 'it has a backslash or a control character';
  const parts = name.split('/');
  return parts.some(part => part === '' || part === '.' || part === '..')
    ? 'it is not relative, or a part of it is empty, "." or ".."'
    : undefined;
}

/** @throws HoldfastError `backup_destination_failed` for a name that would leave its place. */
export function checkName(name: string): string {
  const problem = nameProblem(name);
  if (problem === undefined) return name;
  throw new HoldfastError(
    'backup_destination_failed',
    `${JSON.stringify(name)} cannot be the name of a stored file: ${problem}.`,
  );
}
