interface IgnoreRule {
  readonly pattern: RegExp;
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
}

/** The rules of one `.gitignore`, for paths relative to its directory. */
export type IgnoreRules = readonly IgnoreRule[];

/** Reads a `.gitignore` as gitignore(5) describes it. */
export function parseIgnoreRules(text: string): IgnoreRules {
  return text
    .split(/\r?\n/)
    .map(line => line.replace(/(?<!\\)\s+$/, ''))
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const negated = line.startsWith('!');
      const body = line.replace(/^[!\\]/, '');
      const directoriesOnly = body.endsWith('/');
      return { pattern: patternOf(body.replace(/\/$/, '')), negated, directoriesOnly };
    });
}

/** What the rules say of a path: ignored, kept in spite of an earlier rule, or nothing. The last match decides. */
export function judgePath(
  rules: IgnoreRules,
  path: string,
  isDirectory: boolean,
): 'ignored' | 'kept' | undefined {
  const rule = rules.findLast(
    ({ pattern, directoriesOnly }) => (isDirectory || !directoriesOnly) && pattern.test(path),
  );
  if (rule === undefined) return undefined;
  return rule.negated ? 'kept' : 'ignored';
}

function patternOf(glob: string): RegExp {
  const anchored = glob.includes('/');
  const body = glob.replace(/^\//, '');
  let source = '';
  for (let at = 0; at < body.length; at += 1) {
    const rest = body.slice(at);
    const [token, replacement] = tokenOf(rest);
    source += replacement;
    at += token.length - 1;
  }
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}$`);
}

function tokenOf(rest: string): readonly [token: string, replacement: string] {
  if (rest.startsWith('**/')) return ['**/', '(?:.*/)?'];
  if (rest === '/**') return ['/**', '/.*'];
  if (rest.startsWith('/**/')) return ['/**/', '/(?:.*/)?'];
  const set = /^\[!?[^\]]+\]/.exec(rest)?.[0];
  if (set !== undefined) return [set, set.replace(/^\[!/, '[^')];
  const char = rest[0] ?? '';
  if (char === '*') return ['*', '[^/]*'];
  if (char === '?') return ['?', '[^/]'];
  if (char === '\\' && rest.length > 1) return [rest.slice(0, 2), `\\${rest[1]}`];
  return [char, char.replace(/[.+^${}()|[\]\\/]/, '\\$&')];
}
