import { parseSync } from 'oxc-parser';
import { templateExpressions } from './template-expressions.ts';

/** A text that a parser for JavaScript takes, with everything at the place where it is in the file. */
export interface Script {
  readonly text: string;
  readonly lang: 'js' | 'jsx' | 'ts' | 'tsx';
}

const SCRIPT = /<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi;
const STYLE = /<style\b[^>]*>[\s\S]*?<\/style\s*>/gi;
const HTML_COMMENT = /<!--[\s\S]*?-->/g;
const LANGUAGE = /\blang\s*=\s*["']?(tsx?|jsx?)\b/i;

/** The program text of a source file. The scripts and templates of a Vue or Svelte component keep their lines and columns. */
export function scriptOf(path: string, text: string): Script {
  if (/\.(vue|svelte)$/.test(path)) return componentScript(path, text);
  if (/\.[cm]?ts$/.test(path)) return { text, lang: 'ts' };
  if (path.endsWith('.tsx')) return { text, lang: 'tsx' };
  return { text, lang: 'jsx' };
}

/** A part of a component that is program text. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** What the characters before and behind it become. */
  readonly open: string;
  readonly close: string;
}

function componentScript(path: string, text: string): Script {
  const visible = text.replace(HTML_COMMENT, blank);
  const parts: Part[] = [];
  let lang: Script['lang'] = 'js';
  for (const match of visible.matchAll(SCRIPT)) {
    const [all, attributes = '', body = ''] = match;
    const start = match.index + all.indexOf('>') + 1;
    parts.push({ start, end: start + body.length, open: ';', close: ';' });
    const named = LANGUAGE.exec(attributes)?.[1]?.toLowerCase();
    if (named !== undefined) lang = named as Script['lang'];
  }
  const markup = visible.replace(SCRIPT, blank).replace(STYLE, blank);
  for (const { start, end } of templateExpressions(path, markup)) {
    const form = formOf(markup.slice(start, end), lang);
    if (form !== undefined) parts.push({ start, end, ...form });
  }
  return {
    text: assemble(
      visible,
      parts.toSorted((a, b) => a.start - b.start),
    ),
    lang,
  };
}

/** How an expression of a template can stand in a program: in brackets, or as statements of its own. */
function formOf(code: string, lang: Script['lang']): Pick<Part, 'open' | 'close'> | undefined {
  const parses = (text: string) =>
    parseSync(`template.${lang}`, text, { lang, sourceType: 'module' }).errors.length === 0;
  if (parses(`(${code})`)) return { open: ';(', close: ')' };
  return parses(code) ? { open: ';', close: ';' } : undefined;
}

/** Everything that is no program text becomes blank, apart from what separates the parts. */
function assemble(text: string, parts: readonly Part[]): string {
  let result = '';
  let end = 0;
  let close = '';
  for (const part of parts) {
    const gap = blank(text.slice(end + close.length, part.start));
    const isPlain = part.open.length > 1 && gap.endsWith('  ') && !isLineEnd(text[part.end]);
    const open = isPlain ? part.open : gap.endsWith(' ') ? ';' : '';
    result += close + gap.slice(0, gap.length - open.length) + open + text.slice(part.start, part.end);
    end = part.end;
    close = isPlain ? part.close : isLineEnd(text[end]) ? '' : ';';
  }
  return result + close + blank(text.slice(end + close.length));
}

/** Line ends stay where they are, so that lines keep their numbers. */
function isLineEnd(char: string | undefined): boolean {
  return char === '\n' || char === '\r' || char === undefined;
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}
