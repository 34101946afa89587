import type { RbacFilter } from '@holdfast/auth';
import { isUuid } from '@holdfast/core';
import { decodeCursor } from '../../operations/cursor.ts';

export interface EntryQuery {
  readonly cursor?: string;
  readonly limit?: number;
  readonly search?: string;
  readonly deleted?: boolean;
}

const DEFAULT_LIMIT = 50;
const isName = (part: string): boolean => /^[a-z][a-z0-9_:-]{0,127}$/.test(part);

/** The filter for one entry more than the page holds. */
export function entryFilter({ cursor, limit = DEFAULT_LIMIT, search, deleted }: EntryQuery): RbacFilter {
  const position = decodeCursor(cursor, [isName, isUuid]);
  const after = position === undefined ? undefined : { name: position[0], id: position[1] };
  return { search, deleted, after, limit: limit + 1 };
}

export function entryPosition({
  name,
  id,
}: {
  readonly name: string;
  readonly id: string;
}): readonly string[] {
  return [name, id];
}
