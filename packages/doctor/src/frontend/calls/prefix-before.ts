import type { UrlTemplate } from './url-template.ts';

const ID = /^(?:\d+|[\da-f]{8}-[\da-f-]{27,}|:\w+)$/i;

/** What a caller puts before a path that is otherwise the same; undefined when it asks for something more exact. */
export function prefixBefore(first: UrlTemplate, now: UrlTemplate): string | undefined {
  const [old, other] = [first.known.split('/'), now.known.split('/')];
  const added = other.length - old.length;
  if (added < 0 || (added > 0 && first.openBase.length === 0)) return undefined;
  const tail = ['', ...other.slice(added + 1)].join('/');
  return namesSegment(first.path, tail) ? undefined : other.slice(0, added + 1).join('/');
}

/** Whether a caller put a name where its callee has an open segment: `/users/{part}` has become `/users/export`. */
function namesSegment(before: string | undefined, after: string | undefined): boolean {
  const [old, now] = [before?.split('/') ?? [], after?.split('/') ?? []];
  if (old.length !== now.length) return before !== after && now.length > 0;
  return old.some((segment, index) => {
    const other = now[index] ?? '';
    return segment !== other && segment.startsWith('{') && !other.startsWith('{') && !ID.test(other);
  });
}
