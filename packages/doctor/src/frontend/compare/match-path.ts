import type { ApiOperation } from './api-document.ts';

/** Every path that a template of a call can be: `{id?}` may be missing, and so may a slash that it leaves behind. */
export function possiblePaths(path: string): readonly string[] {
  const optional = /\/\{[^}/]+\?\}/.exec(path);
  if (optional === null) return [path];
  const before = path.slice(0, optional.index);
  const rest = path.slice(optional.index + optional[0].length);
  return [
    `${before}${optional[0].replace('?}', '}')}${rest}`,
    before + rest || '/',
    `${before}/${rest.replace(/^\//, '')}`,
  ].flatMap(possiblePaths);
}

/** Whether a call of `path` reaches `declared`: a hole of either side stands for one segment of the other. */
export function reaches(path: string, declared: string): boolean {
  const [ours, theirs] = [path.split('/'), declared.split('/')];
  return (
    ours.length === theirs.length &&
    ours.every((segment, index) => segmentReaches(segment, theirs[index] ?? ''))
  );
}

function segmentReaches(ours: string, theirs: string): boolean {
  if (ours === theirs) return true;
  if (ours === '' || theirs === '') return false;
  const pattern = (text: string) =>
    new RegExp(
      `^${text
        .split(/\{[^}]*\}/)
        .map(quote)
        .join('.+')}$`,
    );
  return (
    (theirs.includes('{') && pattern(theirs).test(ours)) || (ours.includes('{') && pattern(ours).test(theirs))
  );
}

function quote(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The operations that a path can reach whatever the method; the literal ones alone when there are any. */
export function operationsAt(path: string, operations: readonly ApiOperation[]): readonly ApiOperation[] {
  const found = possiblePaths(path).flatMap(possible => {
    const reached = operations.filter(operation => reaches(possible, operation.path));
    const exact = reached.filter(operation => operation.path === possible);
    return exact.length > 0 ? exact : reached;
  });
  return [...new Set(found)];
}
