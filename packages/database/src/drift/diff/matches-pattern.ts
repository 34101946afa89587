import type { Difference } from './difference.ts';

/**
 * Whether a difference is meant by a pattern `[TYPE:]NAME[#PROPERTY]`, where `*` stands for anything: `public.tmp_*`,
 * `table:audit.*`, `*#comment`, `*#owner`.
 */
export function matchesPattern({ type, name, property }: Difference, pattern: string): boolean {
  const [, wantedType, wantedName = '*', wantedProperty] =
    /^(?:([a-z* ]+):)?([^#]*)(?:#(.*))?$/s.exec(pattern.trim()) ?? [];
  const matches = (wanted: string | undefined, found: string): boolean =>
    wanted === undefined || new RegExp(`^${wanted.split('*').map(escaped).join('.*')}$`, 's').test(found);
  return (
    matches(wantedType, type) &&
    matches(wantedName === '' ? '*' : wantedName, name) &&
    matches(wantedProperty, property ?? '')
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
}
