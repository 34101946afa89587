import type { CallRecord } from '../calls/call-record.ts';
import { type BaseUrl, readUrl, type UrlTemplate } from '../calls/url-template.ts';
import type { FrontendFinding, Interceptor } from '../frontend-map.ts';
import type { ModuleFacts, Site } from '../read/module-facts.ts';
import { bare, calleeName, chainText, memberName, type SyntaxNode } from '../read/syntax.ts';
import type { Evaluator } from '../values/evaluator.ts';
import { readMember } from '../values/members.ts';
import { type Client, NOTHING } from '../values/value.ts';
import { finding, hostOf, type Inspect, type Inspection, placeOf, sourceOf } from './inspection.ts';
import { isRefresh } from './refresh.ts';

/** A client that adds tokens or handles 401, and what its calls have in common. */
interface GuardedClient {
  readonly module: ModuleFacts;
  readonly base: UrlTemplate;
}

const HOOKS: Readonly<Record<string, Interceptor['kind']>> = {
  beforeRequest: 'request',
  onRequest: 'request',
  afterResponse: 'response',
  beforeError: 'response',
  beforeRetry: 'response',
  onResponse: 'response',
  onResponseError: 'response',
};
const ADDERS = new Set(['use', 'create', 'extend']);
/** What has to work without a token. */
const OPEN_PATH =
  /(?:^|\/)(?:log-?in|sign-?in|sign-?up|register|refresh\S*|token|health\w*|ready|status|config|csrf\S*|public|captcha|forgot\S*|reset\S*|verify\S*|oauth2?|sso|\.well-known|version)(?:\/|$)/i;
const STATIC_FILE = /\.(?:json|svg|png|jpe?g|webp|txt|md|css|js|xml|html|ico|woff2?|geojson|csv|wasm)$/i;

interface FoundInterceptor {
  readonly kind: Interceptor['kind'];
  readonly client: Client;
  readonly node: SyntaxNode;
}

/** Interceptors and hooks of the clients, wherever they are added. */
export function findInterceptors(
  modules: readonly ModuleFacts[],
  evaluator: Evaluator,
): readonly Interceptor[] {
  return addedIn(modules, evaluator).map(({ kind, client, node, module }) => ({
    ...placeOf(module, node),
    kind,
    library: client.library,
  }));
}

function addedIn(modules: readonly ModuleFacts[], evaluator: Evaluator) {
  const sites = modules.flatMap(module =>
    module.sites.filter(({ node }) => ADDERS.has(calleeName(node) ?? '')),
  );
  return sites.flatMap(site =>
    interceptorsOf(site, evaluator).map(found => ({ ...found, module: site.module })),
  );
}

function interceptorsOf(site: Site, evaluator: Evaluator): readonly FoundInterceptor[] {
  const { node, scope } = site;
  const callee = bare(node.callee);
  const kind = /(?:^|\.)interceptors\.(request|response)\.use$/.exec(chainText(callee) ?? '')?.[1];
  if (kind !== undefined) {
    const owner = ownerOf(callee);
    const value = owner === undefined ? undefined : evaluator.evaluate(owner, scope);
    return value?.kind === 'client'
      ? [{ kind: kind as Interceptor['kind'], client: value.client, node }]
      : [];
  }
  if (callee.type === 'MemberExpression' && memberName(callee) === 'use') {
    const value = evaluator.evaluate(callee.object, scope);
    return value.kind === 'client' && value.client.library === 'openapi-fetch'
      ? [{ kind: 'request', client: value.client, node }]
      : [];
  }
  return hooksOf(site, evaluator);
}

/** `client` of `client.interceptors.response.use`. */
function ownerOf(callee: SyntaxNode): SyntaxNode | undefined {
  let at = callee;
  for (let level = 0; level < 3; level += 1) {
    if (at.type !== 'MemberExpression') return undefined;
    at = bare(at.object);
  }
  return at;
}

function hooksOf({ node, scope }: Site, evaluator: Evaluator): readonly FoundInterceptor[] {
  const name = memberName(bare(node.callee));
  if ((name !== 'create' && name !== 'extend') || node.arguments[0] === undefined) return [];
  const made = evaluator.evaluate(node, scope);
  if (made.kind !== 'client') return [];
  const options = evaluator.evaluate(node.arguments[0] as SyntaxNode, scope);
  const hooks = readMember(evaluator, options, 'hooks');
  return Object.entries(HOOKS).flatMap(([hook, kind]) => {
    const values = [readMember(evaluator, hooks, hook), readMember(evaluator, options, hook)];
    return values.some(({ kind: found }) => found === 'list' || found === 'function')
      ? [{ kind, client: made.client, node }]
      : [];
  });
}

/** A request to the same API that the client with the interceptor does not see: no token, no refresh. */
export const rawClientBypassesInterceptor: Inspect = inspection => {
  const guarded = [...guardedClients(inspection), ...guardedWrappers(inspection)];
  if (guarded.length === 0) return [];
  return inspection.records.flatMap((record): FrontendFinding[] => {
    const { request, origin, site, template } = record;
    if (
      !isRaw(record) ||
      isRefresh(record) ||
      OPEN_PATH.test(template.known) ||
      STATIC_FILE.test(template.known)
    )
      return [];
    if (guarded.some(({ module }) => module === origin.module)) return [];
    if (!guarded.some(({ base }) => isUnder(inspection, template, base))) return [];
    return [
      finding(
        'raw_client_bypasses_interceptor',
        site.module,
        site.node,
        `${request.library} asks ${template.known} directly, past the client that adds the token and renews it.`,
        'Use the client that the other calls use.',
      ),
    ];
  });
};

function isRaw({ request, via }: CallRecord): boolean {
  if (via.length > 0) return false;
  const isDefault =
    request.client === undefined || (request.client.at === undefined && request.client.base === undefined);
  return isDefault && ['fetch', 'axios', 'XMLHttpRequest', 'ky', 'ofetch'].includes(request.library);
}

function guardedClients({ modules, evaluator }: Inspection): readonly GuardedClient[] {
  return addedIn(modules, evaluator)
    .filter(({ client }) => client.at !== undefined)
    .map(({ client, module }) => ({ module, base: readUrl(NOTHING, client.base) }));
}

/** Functions of the program that send a token and deal with 401 for their callers. */
function guardedWrappers({ records }: Inspection): readonly GuardedClient[] {
  const guards = new Map<Site, boolean>();
  const found = new Map<string, GuardedClient>();
  for (const { via, origin, template } of records) {
    if (via.length === 0 || origin.fn === undefined) continue;
    const text = sourceOf(origin.module, origin.fn.node);
    const isGuard = guards.get(origin) ?? (/Authorization/i.test(text) && /\b401\b/.test(text));
    guards.set(origin, isGuard);
    if (!isGuard) continue;
    const prefix = `/${template.known.split('/')[1] ?? ''}`;
    const key = `${origin.module.path} ${template.base.kind} ${template.base.value} ${prefix}`;
    found.set(key, { module: origin.module, base: { ...template, path: prefix, known: prefix } });
  }
  return [...found.values()];
}

function isUnder(inspection: Inspection, template: UrlTemplate, base: UrlTemplate): boolean {
  const prefix = whole(inspection, base.base, base.known.replace(/^[/…]$/, '')).replace(/\/$/, '');
  const known = whole(inspection, template.base, template.known);
  const isSame = hostOf(inspection, template.base) === hostOf(inspection, base.base);
  return (
    isSame &&
    (prefix === ''
      ? template.base.kind !== 'page' || known.startsWith('/api')
      : known === prefix || known.startsWith(`${prefix}/`))
  );
}

/** A path with the one that the variable of its base brings along. */
function whole({ settings }: Inspection, { kind, value }: BaseUrl, path: string): string {
  const base = kind === 'env' ? (settings.variables.get(value) ?? '') : '';
  return base.replace(/^(?:https?:)?\/\/[^/]*/i, '').replace(/\/$/, '') + path;
}

/** Cookies are not sent to another origin unless the request says so; the other calls do. */
export const credentialsMissing: Inspect = inspection => {
  const { records } = inspection;
  const crossing = records.filter(({ template }) => ['absolute', 'env'].includes(template.base.kind));
  const key = ({ template }: CallRecord) => hostOf(inspection, template.base);
  const withCookies = new Set(crossing.filter(({ request }) => request.credentials).map(key));
  return crossing
    .filter(record => withCookies.has(key(record)) && !record.request.credentials && !sendsToken(record))
    .map(({ site, template }) =>
      finding(
        'credentials_missing',
        site.module,
        site.node,
        `The call of ${template.known} sends no cookies to the other origin, although the session is in a cookie.`,
        "Add credentials: 'include' (withCredentials: true for axios).",
      ),
    );
};

function sendsToken({ origin, request }: CallRecord): boolean {
  const text =
    origin.fn === undefined ? sourceOf(origin.module, origin.node) : sourceOf(origin.module, origin.fn.node);
  return /Authorization/i.test(text) || request.client?.at !== undefined;
}
