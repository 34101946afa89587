import { randomInt } from 'node:crypto';
import { HoldfastError, systemClock } from '@holdfast/core';
import type { ApiOperation } from './document/api-operation.ts';
import { displayName } from './document/document-error.ts';
import { isObject, type JsonObject, textOf } from './document/json-value.ts';
import type { LoadedDocument } from './document/load-document.ts';
import { readOperations } from './document/read-operations.ts';
import { createSchemas } from './document/schemas.ts';
import { baseUrl, documentServer } from './document/servers.ts';
import { createBudget } from './http/budget.ts';
import { createSender } from './http/send-request.ts';
import { documentProblems } from './judge/document-problems.ts';
import { type ApiReport, hasFindings, type OperationTally } from './report/api-report.ts';
import { createFindingCollector, type FindingCollector } from './report/collect-findings.ts';
import { createKnownValues } from './requests/known-values.ts';
import { examineTarget } from './run/examine-target.ts';
import { refusedByAll } from './run/judge-entry.ts';
import { type CheckApiOptions, DEFAULTS } from './run/options.ts';
import type { Run } from './run/run.ts';
import { createSession } from './run/session.ts';
import { createTally } from './run/tally.ts';

const MAX_SEED = 2 ** 31 - 1;

/**
 * Asks an API what its document describes, and judges every answer. Changes nothing unless `allowWrites`, and then only
 * what it has created itself.
 * @throws `openapi_unusable` for a document whose operations cannot be read, `usage` when it is not known where the API is.
 */
export async function checkApi(document: LoadedDocument, options: CheckApiOptions = {}): Promise<ApiReport> {
  const { clock = systemClock } = options;
  const seed = options.seed ?? randomInt(1, MAX_SEED);
  const begin = clock.monotonic();
  const startedAt = new Date(clock.now()).toISOString();
  const operations = readOperations(document);
  const findings = createFindingCollector();
  const schemas = {
    request: createSchemas(document, 'request'),
    response: createSchemas(document, 'response'),
  };
  const targets = targetsOf(document, options);
  for (const { verdict, operation } of documentProblems(operations)) {
    for (const { target } of targets) findings.add(verdict, { operation, target, secrets: [], resolve: {} });
  }
  const runs: Run[] = [];
  let reached = 0;
  for (const { target, base } of targets) {
    const run = createRun({ document, operations, schemas, findings, target, base, options, seed });
    runs.push(run);
    try {
      if (await examineTarget(run, usesCookies(document, options))) reached += 1;
    } finally {
      run.sender.close();
    }
  }
  const list = findings.list();
  const notExamined = runs.flatMap(run => run.notExamined);
  const examined = reached > 0 && operations.length > 0;
  return {
    version: 1,
    status: examined ? statusOf({ findings: list, notExamined }) : 'not_examined',
    document: describe(document, operations),
    seed,
    targets: runs.map(({ target }) => target),
    findings: list,
    operations: runs.flatMap(({ tally, target }): OperationTally[] => tally.list(target)),
    notExamined,
    requests: runs.reduce((sum, { budget }) => sum + budget.used, 0),
    startedAt,
    durationMs: Math.round(clock.monotonic() - begin),
  };
}

/** What is open to everybody says little of an API that let nobody further in. */
function statusOf(report: Pick<ApiReport, 'findings' | 'notExamined'>): ApiReport['status'] {
  if (hasFindings(report, true)) return 'findings';
  return refusedByAll(report).length > 0 ? 'not_examined' : 'conforms';
}

function targetsOf(
  document: LoadedDocument,
  { apiUrls = [] }: CheckApiOptions,
): { readonly target: string; readonly base: string }[] {
  const server = documentServer(document);
  const wanted = apiUrls.length === 0 ? [undefined] : apiUrls;
  return wanted.map(apiUrl => {
    const base = baseUrl(server, apiUrl);
    if (base === undefined) {
      throw new HoldfastError(
        'usage',
        `${displayName(document.uri)} does not say where the API is (its server is ${server}). Name it with --api-url URL.`,
      );
    }
    return { target: apiUrl ?? base, base };
  });
}

function describe(document: LoadedDocument, operations: readonly ApiOperation[]): ApiReport['document'] {
  const { info } = document.root.value as JsonObject;
  return {
    name: displayName(document.uri),
    openapi: document.version,
    title: (isObject(info) ? textOf(info.title) : undefined) ?? 'untitled',
    operations: operations.length,
  };
}

/** Whether browsers send cookies to this API. */
function usesCookies(document: LoadedDocument, { access, corsCredentials }: CheckApiOptions): boolean {
  if (corsCredentials !== undefined) return corsCredentials;
  if (access?.kind === 'cookie' || (access?.kind === 'sign-in' && access.signIn.token === undefined))
    return true;
  return Object.values(schemesOf(document)).some(scheme => isObject(scheme) && scheme.in === 'cookie');
}

function schemesOf({ root }: LoadedDocument): JsonObject {
  const { components } = root.value as JsonObject;
  return isObject(components) && isObject(components.securitySchemes) ? components.securitySchemes : {};
}

interface Parts extends Pick<Run, 'operations' | 'schemas' | 'target' | 'base'> {
  readonly document: LoadedDocument;
  readonly findings: FindingCollector;
  readonly options: CheckApiOptions;
  readonly seed: number;
}

function createRun({ document, operations, schemas, findings, target, base, options, seed }: Parts): Run {
  const { clock = systemClock, access = { kind: 'none' }, signal, resolve = {} } = options;
  const { perOperation = DEFAULTS.perOperation, timeoutMs = DEFAULTS.timeoutMs } = options;
  const limits = {
    maxRequests: options.maxRequests ?? DEFAULTS.maxRequests,
    perSecond: options.requestsPerSecond ?? DEFAULTS.requestsPerSecond,
    maxMs: options.maxMs ?? DEFAULTS.maxMs,
  };
  const signIn = access.kind === 'sign-in' ? access.signIn : undefined;
  const refreshPath = signIn?.refreshPath ?? operations.find(({ path }) => /refresh[^/]*$/i.test(path))?.path;
  return {
    target,
    base,
    operations,
    schemas,
    options: { ...options, seed, perOperation },
    clock,
    sender: createSender({ clock, timeoutMs, resolve, signal }),
    budget: createBudget(limits, clock, signal),
    session: createSession(access, base),
    known: createKnownValues(),
    tally: createTally(),
    findings,
    notExamined: [],
    errors: [],
    entries: new Map(),
    schemes: schemesOf(document),
    cookies: {
      refreshPath:
        refreshPath === undefined ? undefined : `${new URL(base).pathname.replace(/\/$/, '')}${refreshPath}`,
      refreshCookie: signIn?.refreshCookie,
    },
  };
}
