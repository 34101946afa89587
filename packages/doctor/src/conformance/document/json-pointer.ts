/** A JSON pointer in a URI fragment, with its `#` (RFC 6901 section 6). */
export function pointerFragment(path: readonly string[]): string {
  return `#${path.map(part => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;
}

/** The parts of a pointer in a fragment; undefined when the fragment is no pointer, such as the name of an anchor. */
export function pointerParts(fragment: string): string[] | undefined {
  const text = fragment.replace(/^#/, '');
  if (text === '') return [];
  if (!text.startsWith('/')) return undefined;
  return text
    .slice(1)
    .split('/')
    .map(part => decodePart(part).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The value at a path; undefined when there is none. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
