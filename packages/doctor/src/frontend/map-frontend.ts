import { stat } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';
import type { CallRecord } from './calls/call-record.ts';
import { Collector } from './calls/collector.ts';
import type { ApiDocument } from './compare/api-document.ts';
import { compareCalls, slashesDisagree } from './compare/compare-calls.ts';
import {
  baseUrlsDisagree,
  baseUrlUnset,
  baseUrlUses,
  htmlParsedAsJson,
  isLocal,
  isSibling,
} from './defects/base-urls.ts';
import { credentialsMissing, findInterceptors, rawClientBypassesInterceptor } from './defects/clients.ts';
import {
  forbiddenTreatedAsUnauthorized,
  logoutOnTrouble,
  unguardedErrorResponse,
} from './defects/error-handling.ts';
import { hostOf, type Inspect, type Inspection, placeOf } from './defects/inspection.ts';
import { refreshWithoutSingleFlight, retryWithoutCap } from './defects/refresh.ts';
import { uncheckedResponse } from './defects/responses.ts';
import {
  findTokenStorage,
  nullBearerToken,
  socketWithoutRenewal,
  tokenInUrl,
  tokensInLocalStorage,
} from './defects/tokens.ts';
import type { ApiCall, FrontendFinding, FrontendMap, Place } from './frontend-map.ts';
import { readTree, type SourceModules } from './read/read-tree.ts';
import { Evaluator } from './values/evaluator.ts';

export interface MapOptions {
  /** The API to compare the calls with. */
  readonly api?: ApiDocument;
  /** Called while files are read. */
  readonly onProgress?: (done: number, all: number) => void;
  readonly signal?: AbortSignal;
}

const INSPECTIONS: readonly Inspect[] = [
  baseUrlUnset,
  baseUrlsDisagree,
  htmlParsedAsJson,
  refreshWithoutSingleFlight,
  retryWithoutCap,
  forbiddenTreatedAsUnauthorized,
  logoutOnTrouble,
  unguardedErrorResponse,
  nullBearerToken,
  rawClientBypassesInterceptor,
  socketWithoutRenewal,
  credentialsMissing,
  tokenInUrl,
  uncheckedResponse,
];

/**
 * Reads the sources of a frontend and finds every call of its API and what is wrong with how they are made. Reads files
 * only; runs nothing of what it reads. Throws `usage` when there is no such directory, and rejects when `signal` is aborted.
 */
export async function mapFrontend(directory: string, options: MapOptions = {}): Promise<FrontendMap> {
  const { api, onProgress = () => undefined, signal } = options;
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new HoldfastError(
      'usage',
      `There is no directory ${directory}. Give the root of the frontend's sources.`,
    );
  const tree = await readTree(directory, onProgress, signal);
  return examineTree(directory, tree, api);
}

function examineTree(directory: string, tree: SourceModules, api: ApiDocument | undefined): FrontendMap {
  const { entries: modules } = tree;
  const evaluator = new Evaluator(tree.store, tree.resolve);
  const collected = new Collector(evaluator).collect(modules);
  const isForeign = foreignHosts(collected.records, tree, api);
  const records = collected.records.filter(record => !isForeign(record));
  const inspection: Inspection = {
    modules,
    evaluator,
    records,
    callees: collected.callees,
    settings: tree.settings,
  };
  const compared = api === undefined ? undefined : compareCalls(records, api);
  const tokenStorage = inOrder(findTokenStorage(modules, evaluator));
  const findings = [
    ...tokensInLocalStorage(tokenStorage),
    ...INSPECTIONS.flatMap(inspect => inspect(inspection)),
    ...(compared?.findings ?? slashesDisagree(records)),
  ];
  const { broken } = tree.store;
  return {
    schemaVersion: 1,
    directory,
    files: { read: tree.files - broken.length, leftOut: tree.leftOut, broken },
    calls: inOrder(collected.records.map(record => presentCall(record, isForeign(record)))),
    baseUrls: baseUrlUses(records),
    interceptors: inOrder(findInterceptors(modules, evaluator)),
    tokenStorage,
    findings: distinct(inOrder(findings)),
    comparison: compared?.comparison ?? null,
  };
}

function presentCall(record: CallRecord, thirdParty: boolean): ApiCall {
  const { method, template, request, site, origin, via } = record;
  const dynamic = template.path === undefined || method === undefined;
  return {
    method: method ?? null,
    path: template.path ?? null,
    known: template.known,
    resolution: dynamic ? 'dynamic' : 'resolved',
    base: template.base,
    query: template.query,
    library: request.library,
    via,
    ...placeOf(site.module, site.node),
    madeAt: placeOf(origin.module, origin.node),
    thirdParty,
  };
}

/**
 * Whose host a call goes to. Ours are those that the document names, those of clients and variables, and the most asked
 * one of a program that knows no other; hosts of the same domain and this machine belong to them.
 */
function foreignHosts(
  records: readonly CallRecord[],
  tree: SourceModules,
  api: ApiDocument | undefined,
): (record: CallRecord) => boolean {
  const absolute = records.filter(({ template }) => template.base.kind === 'absolute');
  const own = new Set<string>(api?.servers.flatMap(({ origin }) => (origin === '' ? [] : [origin])) ?? []);
  for (const { request, template } of absolute) if (request.base !== undefined) own.add(template.base.value);
  for (const { template } of records) if (template.base.kind === 'env') own.add(hostOf(tree, template.base));
  const elsewhere = records.some(({ template }) => template.base.kind !== 'absolute');
  if (own.size === 0 && !elsewhere) {
    const byHost = Map.groupBy(absolute, ({ template }) => template.base.value);
    const [most] = [...byHost].sort(
      ([one, a], [other, b]) => b.length - a.length || Number(isLocal(one)) - Number(isLocal(other)),
    );
    if (most !== undefined) own.add(most[0]);
  }
  const isOwn = (host: string) =>
    /\/\/(?:localhost|127\.0\.0\.1)(?::|$)/.test(host) || [...own].some(known => isSibling(known, host));
  return ({ template }) => template.base.kind === 'absolute' && !isOwn(template.base.value);
}

function inOrder<T extends Place>(places: readonly T[]): readonly T[] {
  return places.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}

function distinct(findings: readonly FrontendFinding[]): readonly FrontendFinding[] {
  const keys = new Set<string>();
  return findings.filter(({ code, file, line, column }) => {
    const key = `${code} ${file} ${line} ${column}`;
    return !keys.has(key) && keys.add(key).size > 0;
  });
}
