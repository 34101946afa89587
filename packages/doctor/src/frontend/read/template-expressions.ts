/** A part of a component's markup that is program text: `end` is the first character behind it. */
export interface TemplateExpression {
  readonly start: number;
  readonly end: number;
}

const DIRECTIVE =
  /\s(@|:|v-on:|v-bind:|v-(?!slot|pre|cloak|once|else(?!-if))[\w-]+)[\w.:[\]-]*\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const INTERPOLATION = /\{\{([\s\S]*?)\}\}/g;
/** What may call something; everything else in a template is of no interest. */
const CALL = /[\w$)\]]\s*(?:\?\.)?\(|=>/;

/** The expressions in the markup of a component that may call something, in the order of the source. */
export function templateExpressions(path: string, markup: string): readonly TemplateExpression[] {
  const found = path.endsWith('.vue') ? vueExpressions(markup) : svelteExpressions(markup);
  return found.filter(({ start, end }) => CALL.test(markup.slice(start, end)));
}

/** Directives and interpolations. */
function vueExpressions(markup: string): readonly TemplateExpression[] {
  const found: TemplateExpression[] = [];
  for (const match of markup.matchAll(DIRECTIVE)) {
    const value = match[2] ?? match[3] ?? '';
    const end = match.index + match[0].length - 1;
    const loop = match[1] === 'v-for' ? /^[\s\S]*?\s(?:in|of)\s/.exec(value)?.[0].length : 0;
    if (loop !== undefined) found.push({ start: end - value.length + loop, end });
  }
  for (const match of markup.matchAll(INTERPOLATION)) {
    const start = match.index + 2;
    found.push({ start, end: start + (match[1]?.length ?? 0) });
  }
  const ordered = found.toSorted((a, b) => a.start - b.start);
  return ordered.filter(({ start }, index) => start >= (ordered[index - 1]?.end ?? 0));
}

/** Everything in braces, without the words of the blocks. */
function svelteExpressions(markup: string): readonly TemplateExpression[] {
  const found: TemplateExpression[] = [];
  for (let at = markup.indexOf('{'); at !== -1; at = markup.indexOf('{', at)) {
    const close = closingBrace(markup, at + 1);
    if (close === undefined) break;
    const inner = markup.slice(at + 1, close);
    const lead =
      /^\s*(?:#(?:await|if|key)\s|:else\s+if\s|@(?:html|const|render|attach)\s|\.\.\.|(?=[^#:@/\s]))/.exec(
        inner,
      );
    const each = /^\s*#each\s/.exec(inner);
    const start = at + 1 + (each ?? lead ?? [''])[0].length;
    const end =
      each === null
        ? beforeWord(markup, start, close, /^\s(?:then|catch)\b/)
        : beforeWord(markup, start, close, /^\sas\s/);
    if (each !== null || lead !== null)
      found.push({ start, end: inner.includes('#await') || each ? end : close });
    at = close + 1;
  }
  return found;
}

/** The end of the expression: the first place outside of brackets and texts where a word of the block follows. */
function beforeWord(text: string, start: number, end: number, word: RegExp): number {
  let result = end;
  scan(text, start, (at, depth) => {
    if (at >= end) return true;
    if (depth > 0 || text[at]?.trim() !== '' || !word.test(text.slice(at, at + 8))) return false;
    result = at;
    return true;
  });
  return result;
}

function closingBrace(text: string, start: number): number | undefined {
  let result: number | undefined;
  scan(text, start, (at, depth) => {
    if (depth > 0 || text[at] !== '}') return false;
    result = at;
    return true;
  });
  return result;
}

/** Goes over program text outside of its strings and comments until `visit` returns true. */
function scan(text: string, start: number, visit: (at: number, depth: number) => boolean): void {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (visit(at, depth)) return;
    const char = text[at] ?? '';
    if (char === '"' || char === "'" || char === '`') at = endOfText(text, at);
    else if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
  }
}

/** The closing quote of a text; what `${…}` holds in a template is skipped whole. */
function endOfText(text: string, open: number): number {
  const quote = text[open];
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
    else if (quote === '`' && text.startsWith('${', at)) at = closingBrace(text, at + 2) ?? text.length;
  }
  return text.length;
}
