import type { ParamOwner } from '../read/module-facts.ts';
import { type Hole, partsOf, type Value } from '../values/value.ts';

/** Where a path is asked for. */
export interface BaseUrl {
  readonly kind: 'page' | 'absolute' | 'env' | 'unknown';
  /** `https://api.example.com`, the name of the variable, or the name of the expression; empty for the page's own origin. */
  readonly value: string;
}

/** A URL as far as it is known without running the program. */
export interface UrlTemplate {
  readonly base: BaseUrl;
  /** `/users/{id}`, with `{id?}` where the segment may be missing; undefined when only a part of it is known. */
  readonly path: string | undefined;
  /** The known part, `…` for the rest. */
  readonly known: string;
  /** The names of the query, as far as the text shows them. */
  readonly query: readonly string[];
  /** The arguments that the path itself depends on: callers may know more. */
  readonly open: readonly ParamOwner[];
  /** The arguments that stand for one segment each. */
  readonly segments: readonly ParamOwner[];
  /** The argument that the base is, when it is one. */
  readonly openBase: readonly ParamOwner[];
}

type Parts = readonly (string | Hole)[];

const ABSOLUTE = /^(?:[a-z][a-z\d+.-]*:)?\/\/[^/?#]*/i;
/** `{id?}` is a segment, not the beginning of a query. */
const QUERY_START = /[?#](?!\})/;
const QUERY_NAME = /query|search|params|qs|filter|suffix|hash|args/i;

/** Reads the URL of a call and what its client puts before it. */
export function readUrl(url: Value, base: Value | undefined): UrlTemplate {
  const parts = partsOf(url);
  const [first] = parts;
  const standsAlone = typeof first === 'string' && ABSOLUTE.test(first);
  return readParts(standsAlone || base === undefined ? parts : join(partsOf(base), parts));
}

/** `baseURL` and a path, with one slash between them whatever they bring. */
function join(base: Parts, path: Parts): Parts {
  if (base.length === 0) return path;
  const last = base.at(-1);
  const [first, ...rest] = path;
  const head = typeof last === 'string' ? [...base.slice(0, -1), last.replace(/\/$/, '')] : base;
  if (first === undefined) return base;
  const tail =
    typeof first === 'string'
      ? [`/${first.replace(/^\//, '')}`, ...rest]
      : hasSlash(first)
        ? path
        : ['/', ...path];
  const joined: (string | Hole)[] = [];
  for (const part of [...head, ...tail]) {
    const before = joined.at(-1);
    if (typeof part === 'string' && typeof before === 'string') joined[joined.length - 1] = before + part;
    else joined.push(part);
  }
  return joined;
}

/** A hole that is a whole path brings its own slash. */
function hasSlash(part: Hole): boolean {
  return part.kind === 'param';
}

function readParts(parts: Parts): UrlTemplate {
  const [first, second] = parts;
  if (typeof first === 'string') {
    const origin = ABSOLUTE.exec(first)?.[0];
    if (origin === undefined) return readPath({ kind: 'page', value: '' }, [], parts);
    return readPath({ kind: 'absolute', value: origin }, [], [first.slice(origin.length), ...parts.slice(1)]);
  }
  if (first === undefined) return readPath({ kind: 'page', value: '' }, [], ['/']);
  const beginsPath = typeof second === 'string' && /^[/?#]/.test(second);
  if (first.kind !== 'env' && !beginsPath && !(typeof second !== 'string' && second !== undefined))
    return readPath({ kind: 'page', value: '' }, [], parts);
  const kind = first.kind === 'env' ? 'env' : 'unknown';
  const owners = first.param === undefined ? [] : [first.param.owner];
  return readPath({ kind, value: first.name }, owners, parts.slice(1));
}

function readPath(base: BaseUrl, openBase: readonly ParamOwner[], parts: Parts): UrlTemplate {
  const { path, certain, open, segments, rest } = readSegments(parts);
  const [plain = ''] = path.split(QUERY_START);
  const isRooted = plain.startsWith('/') || plain.startsWith('…');
  const rooted = isRooted ? plain : `/${plain.replace(/^\.\//, '')}`;
  const query = queryNames(path.slice(plain.length), rest);
  return { base, path: certain ? rooted : undefined, known: rooted, query, open, segments, openBase };
}

function readSegments(parts: Parts) {
  const read = { path: '', certain: true, open: [] as ParamOwner[], segments: [] as ParamOwner[] };
  let index = 0;
  for (const part of parts) {
    if (QUERY_START.test(read.path)) break;
    if (typeof part !== 'string' && isSuffix(part, read.path, parts[index + 1])) break;
    addPart(read, part);
    index += 1;
  }
  return { ...read, rest: parts.slice(index) };
}

function addPart(
  read: { path: string; certain: boolean; open: ParamOwner[]; segments: ParamOwner[] },
  part: string | Hole,
): void {
  if (typeof part === 'string') {
    read.path += part;
    return;
  }
  const asSegment = isSegment(read.path);
  if (part.param !== undefined) (asSegment ? read.segments : read.open).push(part.param.owner);
  read.certain &&= asSegment;
  read.path += asSegment ? `{${part.name}${part.optional ? '?' : ''}}` : '…';
}

/** A hole at the end of a segment is the rest of the URL when its name says so. */
function isSuffix(part: Hole, path: string, next: string | Hole | undefined): boolean {
  if (path === '' || path.endsWith('/')) return false;
  const ends = next === undefined || (typeof next === 'string' && /^[?#&]/.test(next));
  return ends && (QUERY_NAME.test(part.name) || part.optional === true);
}

/** Whether a hole here is a segment, or part of one that began with text. */
function isSegment(path: string): boolean {
  return path.endsWith('/') || /[/.-][\w{}.-]*[.:~@-]$/.test(path);
}

function queryNames(known: string, rest: Parts): readonly string[] {
  const all = known + rest.map(part => (typeof part === 'string' ? part : '')).join('');
  return [...all.matchAll(/[?&]([\w.[\]-]+)=/g)].map(match => match[1] ?? '');
}
