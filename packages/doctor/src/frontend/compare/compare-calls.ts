import type { CallRecord } from '../calls/call-record.ts';
import { finding } from '../defects/inspection.ts';
import type { Comparison, FrontendFinding } from '../frontend-map.ts';
import type { ApiDocument, ApiOperation } from './api-document.ts';
import { operationsAt } from './match-path.ts';

export interface Compared {
  readonly comparison: Comparison;
  readonly findings: readonly FrontendFinding[];
}

const STATIC_FILE = /\.(?:json|svg|png|jpe?g|webp|txt|md|css|m?js|xml|html|ico|woff2?|geojson|csv|wasm)$/i;

/** Compares the calls with the operations that an API declares. Calls whose path is dynamic say nothing. */
export function compareCalls(records: readonly CallRecord[], document: ApiDocument): Compared {
  const called = new Set<ApiOperation>();
  const findings: FrontendFinding[] = [];
  for (const record of records) {
    const outcome = compareCall(record, document);
    for (const operation of outcome.reached) called.add(operation);
    if (outcome.finding !== undefined) findings.push(outcome.finding);
  }
  const { name, operations } = document;
  const neverCalled = operations
    .filter(operation => !called.has(operation))
    .map(({ method, path }) => `${method} ${path}`);
  return {
    comparison: { document: name, operations: operations.length, called: called.size, neverCalled },
    findings,
  };
}

interface Outcome {
  readonly reached: readonly ApiOperation[];
  readonly finding?: FrontendFinding;
}

function compareCall(record: CallRecord, document: ApiDocument): Outcome {
  const { template, method, site } = record;
  const { path } = template;
  if (path === undefined || (STATIC_FILE.test(path) && template.base.kind === 'page')) return { reached: [] };
  const candidates = candidatePaths(path, template.base.kind, document);
  if (candidates.length === 0) return { reached: [] };
  const at = candidates.flatMap(candidate => operationsAt(candidate, document.operations));
  const reached = at.filter(
    operation =>
      method === undefined ||
      operation.method === method ||
      (method === 'HEAD' && operation.method === 'GET'),
  );
  if (reached.length > 0) return { reached };
  const named = `${method ?? '?'} ${path}`;
  const report = (code: FrontendFinding['code'], message: string, advice: string) => ({
    reached: [],
    finding: finding(code, site.module, site.node, message, advice),
  });
  const slashed = candidates.flatMap(candidate => operationsAt(otherSlash(candidate), document.operations));
  const sameButSlash = slashed.filter(operation => method === undefined || operation.method === method);
  if (at.length === 0 && sameButSlash[0] !== undefined)
    return {
      ...report(
        'trailing_slash',
        `${named} differs from ${sameButSlash[0].path} by a slash: the redirect turns a POST into a GET, or the answer is 404.`,
        `Ask ${sameButSlash[0].path}.`,
      ),
      reached: sameButSlash,
    };
  if (at.length > 0)
    return report(
      'wrong_method',
      `${named} is not an operation of ${document.name}: this path takes ${[...new Set(at.map(operation => operation.method))].join(', ')}.`,
      'Use a method that the path takes.',
    );
  return report(
    'unknown_operation',
    `${named} is not an operation of ${document.name}.`,
    'Call an operation that exists, or bring this one back.',
  );
}

/** The path below each server; a base that is only known at run time may contain the server's prefix. */
function candidatePaths(path: string, base: string, { servers }: ApiDocument): readonly string[] {
  const candidates = servers.flatMap(({ prefix }) => {
    if (prefix === '') return [path];
    if (path === prefix || path.startsWith(`${prefix}/`)) return [path.slice(prefix.length) || '/'];
    return base === 'env' || base === 'unknown' ? [path] : [];
  });
  return [...new Set(candidates.length > 0 ? candidates : [path])];
}

function otherSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
}

/** Without a document: the same path, with and without a slash at its end. */
export function slashesDisagree(records: readonly CallRecord[]): readonly FrontendFinding[] {
  const paths = new Set(records.flatMap(({ template }) => template.path ?? []));
  return records.flatMap(({ template, site }) => {
    const { path } = template;
    if (path === undefined || path === '/' || !path.endsWith('/') || !paths.has(path.slice(0, -1))) return [];
    return [
      finding(
        'trailing_slash',
        site.module,
        site.node,
        `${path} is also called without the slash at its end; one of the two is redirected, which turns a POST into a GET.`,
        'Write it in one way.',
      ),
    ];
  });
}
