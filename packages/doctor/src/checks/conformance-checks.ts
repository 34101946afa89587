import type { FindingKind } from '../conformance/index.ts';
import {
  type Check,
  type CheckResult,
  isSighting,
  type Layer,
  type ObservationView,
} from '../engine/index.ts';
import type { ConformanceSighting, Sightings } from '../sightings.ts';
import { isLockedOut } from './health-checks.ts';
import { blocked, count, degraded, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';
import { isRoleHindered } from './role-settings.ts';

const IDS = ['api.conformance', 'proxy.conformance'] as const;
const SLOW_MS = 1_000;
/** A slow machine makes everything slow; one operation that is so much slower than the others has a reason of its own. */
const TIMES_THE_OTHERS = 5;

type Finding = ConformanceSighting['findings'][number];

/** What was seen of the API itself, and through its proxy. Without a direct way the proxied one speaks for the API. */
interface Seen {
  readonly api: ConformanceSighting;
  readonly direct: ConformanceSighting | undefined;
  readonly proxied: ConformanceSighting | undefined;
}

function seenIn(view: ObservationView): Seen | undefined {
  const [direct, proxied] = IDS.map(id => sawOf(view, id));
  const api = direct ?? proxied;
  return api === undefined ? undefined : { api, direct, proxied };
}

interface Spec {
  readonly id: string;
  readonly layer: Layer;
  readonly title: string;
  readonly judge: (seen: Seen, view: ObservationView) => readonly Judgement[];
  /** Whether it rests on what operations answer to those who are let in. */
  readonly inside?: true;
}

/** A check that rests on either way to the API, or on both. */
function conformanceCheck({ id, layer, title, judge, inside }: Spec): Check {
  return {
    id,
    layer,
    title,
    evaluate: (view): readonly CheckResult[] => {
      const looked = IDS.flatMap(name => view.get(name) ?? []);
      const [first] = looked;
      if (first === undefined) return [];
      const seen = seenIn(view);
      if (seen === undefined) {
        const blocked = !isSighting(first) && first.blockedBy !== undefined;
        const detail = isSighting(first) ? 'nothing was seen' : first.couldNotLook;
        const late = !isSighting(first) && first.outOfTime === true ? { outOfTime: true as const } : {};
        return [{ outcome: blocked ? 'blocked' : 'unknown', detail, evidence: [first.id], ...late }];
      }
      const evidence = looked.filter(isSighting).map(item => item.id);
      return judge(seen, view).map(judgement => {
        const seenInside = inside === true ? unlessRefused(judgement, seen.api) : judgement;
        return { ...unlessCut(seenInside, seen), evidence };
      });
    },
  };
}

/** What was not found in a run that was cut short may be there all the same. */
function unlessCut(judgement: Judgement, { direct, proxied }: Seen): Judgement {
  const complete = direct?.complete !== false && proxied?.complete !== false;
  return judgement.outcome === 'pass' && !complete
    ? { ...unknown('the time did not suffice for all of it'), outOfTime: true }
    : judgement;
}

/** What answered 401 to everybody may do anything inside. */
function unlessRefused(judgement: Judgement, { refused }: ConformanceSighting): Judgement {
  if (judgement.outcome !== 'pass' || refused.length === 0) return judgement;
  return unknown(`${count(refused.length, 'operation')} refused the credentials (401)`);
}

/** Whether what the sign-in hands out is of any use. */
function judgeTokens({ api }: Seen): Judgement[] {
  if (!api.issued || of(['sign_in_failed'], api).length > 0) return [];
  return asWhole(of(['token_refused'], api), 'not every operation refuses them');
}

const endpointOf = ({ operation }: Finding): string => `endpoint:${operation ?? 'any'}`;

/** One failure for each operation. */
function byEndpoint(findings: readonly Finding[], otherwise: string): Judgement[] {
  if (findings.length === 0) return [pass(otherwise)];
  return [...Map.groupBy(findings, endpointOf)].map(([subject, [first]]) =>
    fail(`${first?.operation ?? 'the API'} ${first?.summary ?? 'differs'}`, subject),
  );
}

function asWhole(findings: readonly Finding[], otherwise: string): Judgement[] {
  const [first] = findings;
  if (first === undefined) return [pass(otherwise)];
  const others = findings.length === 1 ? '' : `, and ${findings.length - 1} more`;
  return [fail(`${first.operation ?? 'the API'} ${first.summary}${others}`)];
}

const of = (kinds: readonly FindingKind[], { findings }: ConformanceSighting): Finding[] =>
  findings.filter(({ kind }) => kinds.includes(kind));

const keyOf = ({ kind, operation }: Finding): string => `${kind} ${operation}`;

/** Of both ways, each operation once. */
function either(kinds: readonly FindingKind[], { direct, proxied }: Seen): Finding[] {
  const all = [direct, proxied].flatMap(seen => (seen === undefined ? [] : of(kinds, seen)));
  return [...new Map(all.map(finding => [keyOf(finding), finding])).values()];
}

const NOT_DIRECT = unknown('no address of the API without the proxy is known, or nothing there answers');

/** What the API itself shows, when it can be asked without the proxy. */
function directly(
  kinds: readonly FindingKind[],
  { direct }: Seen,
  say: (findings: readonly Finding[]) => Judgement[],
): Judgement[] {
  return direct === undefined ? [NOT_DIRECT] : say(of(kinds, direct));
}

/** What the proxy alone shows. */
function byProxyAlone(
  kinds: readonly FindingKind[],
  { direct, proxied }: Seen,
  say: (findings: readonly Finding[]) => Judgement[],
): Judgement[] {
  if (proxied === undefined) return [];
  if (direct === undefined) return [NOT_DIRECT];
  const known = new Set(of(kinds, direct).map(keyOf));
  return say(of(kinds, proxied).filter(finding => !known.has(keyOf(finding))));
}

const BODY: readonly FindingKind[] = [
  'body_schema',
  'body_empty',
  'body_not_json',
  'content_type',
  'encoding_broken',
  'header_missing',
];
const PAGES: readonly FindingKind[] = ['html_for_json'];
const REDIRECTS: readonly FindingKind[] = [
  'redirect_slash',
  'redirect_method',
  'redirect_downgrade',
  'redirect_loop',
];
const CORS: readonly FindingKind[] = [
  'cors_credentials',
  'cors_origin_refused',
  'cors_wildcard',
  'cors_method',
  'cors_header',
];

/** A path without parameters that is not there; with some, it may be the thing that is not. */
function isGone({ kind, status, operation }: Finding): boolean {
  return (
    kind === 'status_undeclared' && (status === 404 || status === 405) && operation?.includes('{') !== true
  );
}

function judgeSpeed({ times }: ConformanceSighting): Judgement[] {
  const sorted = times.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const slow = times.filter(
    ({ milliseconds }) => milliseconds > SLOW_MS && milliseconds > usual * TIMES_THE_OTHERS,
  );
  if (slow.length === 0) return [pass(`${Math.round(usual)} ms in the middle of ${times.length} operations`)];
  return slow.map(({ operation, milliseconds }) =>
    fail(
      `${operation} takes ${Math.round(milliseconds)} ms, where the others take ${Math.round(usual)} ms in the middle`,
      `endpoint:${operation}`,
    ),
  );
}

const FAILURES: readonly FindingKind[] = ['server_error', 'no_answer'];

/** A method that no operation has is no operation that fails. */
function judgeFailures(
  failures: readonly Finding[],
  [odd]: readonly Finding[],
  { requests }: ConformanceSighting,
): Judgement[] {
  if (failures.length > 0 || odd === undefined)
    return byEndpoint(failures, `${requests} requests, no answer of 500 or more`);
  return [degraded(`${odd.operation ?? 'the API'} ${odd.summary}`)];
}

type Catalog = Sightings['schema.catalog'];

/** What a proxy answers that gets no answer itself (RFC 9110 section 15.6). */
const OF_GATEWAYS = [502, 503, 504];

const fromGateway = ({ kind, status = 0 }: Finding): boolean =>
  kind === 'server_error' && OF_GATEWAYS.includes(status);

/** Whether everything that fails may be the doing of a proxy, without which the API cannot be asked. */
function isOfGateway({ api, direct }: Seen): boolean {
  const failures = of(FAILURES, api);
  return direct === undefined && failures.length > 0 && failures.every(fromGateway);
}

/** Operations that fail at the proxy while the API itself answers them. */
function judgeGateway(seen: Seen): Judgement[] {
  const own = seen.proxied?.findings.filter(fromGateway);
  const otherwise = 'none does';
  if (own?.length === 0) return [pass(otherwise)];
  return byProxyAlone(FAILURES, seen, findings =>
    byEndpoint(
      findings.filter(finding => own?.includes(finding)),
      otherwise,
    ),
  );
}

/** What the API can do wrong, and what of the catalog can be the reason. */
interface Reason {
  readonly isWrong: (api: ConformanceSighting) => boolean;
  readonly lacks: (catalog: Catalog) => readonly (readonly unknown[])[];
}

const REASONS: readonly Reason[] = [
  {
    isWrong: api => of([...FAILURES, 'sign_in_failed', 'token_refused'], api).length > 0,
    lacks: catalog => [
      ...[catalog.missingTables, catalog.missingColumns, catalog.missingCode],
      ...[catalog.missingExtensions, catalog.lostRights],
      ...[catalog.changedRowSecurity, catalog.interferingTriggers],
    ],
  },
  {
    isWrong: api => of(BODY, api).length > 0,
    lacks: ({ missingColumns, missingCode }) => [missingColumns, missingCode],
  },
];

const SLOWNESS: Reason = {
  isWrong: api => judgeSpeed(api).some(({ outcome }) => outcome === 'fail'),
  lacks: ({ missingIndexes, invalidIndexes, missedIndexes }) => [
    missedIndexes ?? [...missingIndexes, ...invalidIndexes],
  ],
};

/** Whether the API does something wrong of which everything beneath that can be the reason was looked at and is well. */
function judgeAlone(api: ConformanceSighting, view: ObservationView, reasons: readonly Reason[]): Judgement {
  const wrong = reasons.filter(({ isWrong }) => isWrong(api));
  if (wrong.length === 0) return pass('nothing is');
  const server = sawOf(view, 'database.server');
  const catalog = sawOf(view, 'schema.catalog');
  const locks = sawOf(view, 'health.blocked-sessions');
  const login = sawOf(view, 'database.app');
  if (server === undefined || catalog === undefined || locks === undefined || login === undefined)
    return unknown('what lies beneath the API could not be seen');
  const rowsLost = sawOf(view, 'health.lost-rows')?.level === 'critical';
  const lets = !server.readOnly && login.result === 'connected' && !isRoleHindered(view);
  const serves = lets && locks.level !== 'critical' && !isLockedOut(view) && !rowsLost;
  const alone = wrong.some(({ lacks }) => lacks(catalog).every(list => list.length === 0));
  return serves && alone
    ? fail('the database was looked at, and is well')
    : blocked('whether the API has a fault of its own as well shows when what is wrong beneath it is mended');
}

/** The API of a configured system against its OpenAPI document. */
export const CONFORMANCE_CHECKS: readonly Check[] = [
  conformanceCheck({
    id: 'auth.sign_in',
    layer: 'auth',
    title: 'The probe user of the configuration can sign in',
    judge: seen => byEndpoint(of(['sign_in_failed'], seen.api), 'the probe user can'),
  }),
  conformanceCheck({
    id: 'auth.own_tokens',
    layer: 'auth',
    title: 'The API takes the tokens that it has just issued',
    inside: true,
    judge: judgeTokens,
  }),
  conformanceCheck({
    id: 'api.failures',
    layer: 'api',
    inside: true,
    title: 'No operation fails by itself',
    judge: ({ api }) => judgeFailures(of(FAILURES, api), of(['method_error'], api), api),
  }),
  conformanceCheck({
    id: 'api.routes',
    layer: 'api',
    title: 'Every operation of the document is there',
    judge: ({ api }) => byEndpoint(api.findings.filter(isGone), `${api.operations} operations`),
  }),
  conformanceCheck({
    id: 'api.schema',
    layer: 'api',
    inside: true,
    title: 'Answers are what the document says',
    judge: ({ api }) => byEndpoint(of(BODY, api), 'they are'),
  }),
  conformanceCheck({
    id: 'api.speed',
    layer: 'api',
    inside: true,
    title: 'No operation is far slower than the others',
    judge: ({ api }) => judgeSpeed(api),
  }),
  conformanceCheck({
    id: 'api.guards',
    layer: 'api',
    inside: true,
    title: 'What asks for credentials cannot be had without',
    judge: ({ api }) => byEndpoint(of(['auth_ignored'], api), 'it cannot'),
  }),
  conformanceCheck({
    id: 'api.openness',
    layer: 'api',
    title: 'What is public can be had without credentials',
    judge: ({ api }) => byEndpoint(of(['auth_over_strict'], api), 'it can'),
  }),
  conformanceCheck({
    id: 'api.cors',
    layer: 'api',
    title: 'The pages of the configured origins may use the API',
    judge: seen => asWhole(either(CORS, seen), 'they may'),
  }),
  conformanceCheck({
    id: 'api.cookies_kept',
    layer: 'api',
    title: 'Browsers keep the cookies of the API',
    judge: seen => byEndpoint(either(['cookie_refused'], seen), 'they do'),
  }),
  conformanceCheck({
    id: 'api.cookies_sent',
    layer: 'api',
    title: 'Browsers send the refresh cookie where it is needed',
    judge: seen => byEndpoint(either(['cookie_unsent'], seen), 'they do'),
  }),
  conformanceCheck({
    id: 'api.requests_kept',
    layer: 'api',
    title: 'No request is lost in a redirect',
    judge: seen => byEndpoint(either(REDIRECTS, seen), 'none is'),
  }),
  conformanceCheck({
    id: 'api.redirects',
    layer: 'api',
    title: 'The API itself redirects no request into another one',
    judge: seen => directly(REDIRECTS, seen, findings => byEndpoint(findings, 'it does not')),
  }),
  conformanceCheck({
    id: 'proxy.redirects',
    layer: 'proxy',
    title: 'The proxy redirects no request into another one',
    judge: seen => byProxyAlone(REDIRECTS, seen, findings => byEndpoint(findings, 'it does not')),
  }),
  conformanceCheck({
    id: 'api.answers_kept',
    layer: 'api',
    title: 'No page takes the place of an answer',
    judge: seen => asWhole(either(PAGES, seen), 'none does'),
  }),
  conformanceCheck({
    id: 'api.pages',
    layer: 'api',
    title: 'The API itself answers with no page where JSON is declared',
    judge: seen => directly(PAGES, seen, findings => asWhole(findings, 'it does not')),
  }),
  conformanceCheck({
    id: 'proxy.answers',
    layer: 'proxy',
    title: 'The proxy hands answers on as the API gives them',
    judge: seen => byProxyAlone(PAGES, seen, findings => asWhole(findings, 'it does')),
  }),
  conformanceCheck({
    id: 'proxy.failures',
    layer: 'proxy',
    title: 'No operation fails at the proxy alone',
    judge: judgeGateway,
  }),
  conformanceCheck({
    id: 'api.alone',
    layer: 'api',
    title: 'Nothing is wrong with the API that has no cause beneath it',
    judge: (seen, view) => [isOfGateway(seen) ? NOT_DIRECT : judgeAlone(seen.api, view, REASONS)],
  }),
  conformanceCheck({
    id: 'api.slow_alone',
    layer: 'api',
    title: 'No operation is slow for a reason of its own',
    judge: ({ api }, view) => [judgeAlone(api, view, [SLOWNESS])],
  }),
];
