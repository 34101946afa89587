import type { FrontendFinding, TokenStorage } from '../frontend-map.ts';
import type { Mark, ModuleFacts, Scope, Site } from '../read/module-facts.ts';
import { bare, calleeName, chainText, contains, memberName, type SyntaxNode } from '../read/syntax.ts';
import { isNothing } from '../values/conditions.ts';
import { type Evaluator, findBinding } from '../values/evaluator.ts';
import { literalOf, optionsOf } from '../values/value.ts';
import { conditionsAround, finding, type Inspect, placeOf, sourceOf } from './inspection.ts';

const TOKEN_KEY = /token|jwt|auth|session|credential|refresh|bearer/i;
const STORES = new Set(['setItem', 'set', 'setCookie']);
const TOKEN_QUERY = /^(?:access_?token|token|jwt|auth|auth_?token|api_?key|id_token|session(?:_?id)?)$/i;
/** A token in a link that was mailed is meant to be there. */
const MAILED = /reset|verif|confirm|invit|activat|unsubscribe|magic|accept/i;

/** `Bearer null`: the token is put into the header without asking whether there is one. */
export const nullBearerToken: Inspect = ({ modules, evaluator }) =>
  modules.flatMap(module =>
    module.marks
      .filter(({ kind }) => kind === 'bearer')
      .flatMap((mark): FrontendFinding[] => {
        const token = tokenAfter(mark);
        if (token === undefined || !mayBeNull(evaluator, mark, token) || isAsked(module, mark, token))
          return [];
        return [
          finding(
            'null_bearer_token',
            module,
            mark.node,
            `Before the sign-in this sends "Authorization: Bearer ${literalNull(module, token)}".`,
            'Send the header only when there is a token.',
          ),
        ];
      }),
  );

function tokenAfter({ node, frame }: Mark): SyntaxNode | undefined {
  if (node.type === 'TemplateLiteral') {
    const index = node.quasis.findIndex(({ value }) => value.raw.endsWith('Bearer '));
    return index === -1 ? undefined : (node.expressions[index] as SyntaxNode | undefined);
  }
  const text = frame.parent === undefined ? undefined : frame.parent.node;
  return text === undefined ? undefined : findAddition(text, node);
}

function findAddition(around: SyntaxNode, literal: SyntaxNode): SyntaxNode | undefined {
  let found: SyntaxNode | undefined;
  contains(around, node => {
    if (node.type !== 'BinaryExpression' || node.left !== literal) return false;
    found = node.right;
    return true;
  });
  return found;
}

function mayBeNull(evaluator: Evaluator, { scope }: Mark, token: SyntaxNode): boolean {
  if (beginsEmpty(token, scope)) return true;
  return optionsOf(evaluator.evaluate(token, scope)).some(
    option => option.kind === 'nothing' || (option.kind === 'unknown' && option.nullable !== undefined),
  );
}

/** A variable of the module, or a field, that holds nothing until some function has run. */
function beginsEmpty(input: SyntaxNode, scope: Scope): boolean {
  const token = bare(input);
  if (token.type === 'MemberExpression') {
    const name = memberName(token);
    const own = bare(token.object).type === 'ThisExpression';
    return own && name !== undefined && scope.cls?.empty.has(name) === true;
  }
  const binding = token.type === 'Identifier' ? findBinding(scope, token.name) : undefined;
  if (binding?.kind !== 'variable' || binding.path.length > 0 || binding.scope.fn !== undefined) return false;
  const { init, assignments } = binding;
  const isEmpty = init === undefined || isNothing(init);
  return isEmpty && assignments.length > 0 && assignments.every(({ scope: inner }) => inner.fn !== undefined);
}

function literalNull(module: ModuleFacts, token: SyntaxNode): string {
  return sourceOf(module, token).includes('?.') ? 'undefined' : 'null';
}

function isAsked(module: ModuleFacts, { frame }: Mark, token: SyntaxNode): boolean {
  const name = chainText(token) ?? sourceOf(module, token);
  const bareName = name.replaceAll('?.', '.');
  return conditionsAround(frame).some(({ test, holds }) => {
    const text = sourceOf(module, test).replaceAll('?.', '.');
    if (!text.includes(bareName)) return false;
    return holds ? !text.startsWith('!') : /!|null|undefined/.test(text);
  });
}

/** A token in a URL ends up in logs, histories and Referer headers. */
export const tokenInUrl: Inspect = ({ records, modules, evaluator }) => [
  ...records.flatMap((record): FrontendFinding[] => {
    const name = record.template.query.find(query => TOKEN_QUERY.test(query));
    if (name === undefined || MAILED.test(record.template.known)) return [];
    return [urlFinding(record.site.module, record.site.node, name)];
  }),
  ...modules.flatMap(module =>
    module.sites.filter(isSocket).flatMap((site): FrontendFinding[] => {
      const name = /[?&]([\w-]+)=/.exec(socketText(evaluator, site))?.[1];
      return name !== undefined && TOKEN_QUERY.test(name) ? [urlFinding(module, site.node, name)] : [];
    }),
  ),
];

function urlFinding(module: ModuleFacts, node: SyntaxNode, name: string): FrontendFinding {
  return finding(
    'token_in_url',
    module,
    node,
    `The token travels in the URL as "${name}", where logs, histories and Referer headers keep it.`,
    'Send it in the Authorization header, in a cookie, or in the first message of a WebSocket.',
  );
}

export function isSocket({ node }: Site): boolean {
  return (
    node.type === 'NewExpression' &&
    /^(?:window\.)?(?:Reconnecting)?WebSocket$/.test(chainText(node.callee) ?? '')
  );
}

/** The URL of a socket with a dot for everything that is not known. */
export function socketText(evaluator: Evaluator, { node, scope }: Site): string {
  const [first] = node.arguments;
  if (first === undefined) return '';
  const values = optionsOf(evaluator.evaluate(first as SyntaxNode, scope));
  return values
    .flatMap(value => (value.kind === 'text' ? value.parts : []))
    .map(part => (typeof part === 'string' ? part : '·'))
    .join('');
}

/** A socket keeps the token that it was opened with: when that expires the server closes it, and the same token is sent again. */
export const socketWithoutRenewal: Inspect = ({ modules, evaluator }) =>
  modules.flatMap(module =>
    module.sites.filter(isSocket).flatMap((site): FrontendFinding[] => {
      const around = site.fn === undefined ? module.text : sourceOf(module, outermost(site.fn).node);
      const sends = /token|jwt/i.test(socketText(evaluator, site) + sourceOf(module, site.node));
      if (!sends || renews(around, module, site)) return [];
      return [
        finding(
          'socket_without_renewal',
          module,
          site.node,
          'The socket is opened with a token that is never renewed: it ends when the token expires and cannot come back.',
          'Take a fresh token for every connection, connect again on close, or renew the token in place.',
        ),
      ];
    }),
  );

function outermost<T extends { readonly parent: T | undefined }>(fn: T): T {
  return fn.parent === undefined ? fn : outermost(fn.parent);
}

/** Whether a new token is sent on the open socket, or each connection asks for one and a closed socket connects again. */
function renews(around: string, module: ModuleFacts, site: Site): boolean {
  if (/\.send\([^)]*(?:renew|refresh|reauth)/i.test(around)) return true;
  const own = site.fn === undefined ? '' : sourceOf(module, site.fn.node);
  const fresh =
    /\b(?:get|fetch|load|read|ensure)\w*Token\w*\(|getItem\(|tokens?\.(?:get|current|access)/i.test(own);
  return fresh && /onclose|addEventListener\(\s*['"]close/.test(around);
}

/** Every script of the page can read it, also one that somebody has smuggled in. */
export function tokensInLocalStorage(stored: readonly TokenStorage[]): readonly FrontendFinding[] {
  return stored
    .filter(({ storage }) => storage === 'localStorage')
    .map(({ storage, key, ...place }) => ({
      code: 'token_in_local_storage',
      ...place,
      message: `The token is kept in localStorage as "${key}", where every script of the page can read it, and after the browser is closed.`,
      advice: 'Keep the access token in memory and the refresh token in an HttpOnly cookie.',
    }));
}

/** Tokens that are kept where the page can read them again. */
export function findTokenStorage(
  modules: readonly ModuleFacts[],
  evaluator: Evaluator,
): readonly TokenStorage[] {
  return modules.flatMap(module => [
    ...module.sites.flatMap(site => storedBy(module, site, evaluator)),
    ...module.marks.flatMap(mark => (mark.kind === 'assignment' ? assigned(module, mark) : [])),
  ]);
}

function storedBy(module: ModuleFacts, { node, scope }: Site, evaluator: Evaluator): readonly TokenStorage[] {
  if (!STORES.has(calleeName(node) ?? '')) return [];
  const chain = chainText(node.callee) ?? '';
  const match = /(?:^|\.)(localStorage|sessionStorage)\.setItem$/.exec(chain);
  const isCookie = /(?:^|\.)(?:Cookies?|cookies|jsCookie)\.set$|^setCookie$/.test(chain);
  const [first] = node.arguments;
  if ((match === null && !isCookie) || first === undefined) return [];
  const key =
    literalOf(evaluator.evaluate(first as SyntaxNode, scope)) ?? sourceOf(module, first as SyntaxNode);
  if (!TOKEN_KEY.test(key)) return [];
  const storage = (match?.[1] ?? 'cookie') as TokenStorage['storage'];
  return [{ ...placeOf(module, node), storage, key }];
}

function assigned(module: ModuleFacts, { node, scope }: Mark): readonly TokenStorage[] {
  if (node.type !== 'AssignmentExpression') return [];
  const left = node.left as SyntaxNode;
  const target = chainText(left) ?? '';
  if (target.endsWith('document.cookie')) {
    const key = /([\w-]*(?:token|jwt|session|auth)[\w-]*)=/i.exec(sourceOf(module, node.right))?.[1];
    return key === undefined ? [] : [{ ...placeOf(module, node), storage: 'cookie', key }];
  }
  const storage = /(?:^|\.)(localStorage|sessionStorage)\.(\w+)$/.exec(target);
  if (storage !== null && TOKEN_KEY.test(storage[2] ?? ''))
    return [
      { ...placeOf(module, node), storage: storage[1] as TokenStorage['storage'], key: storage[2] ?? '' },
    ];
  const inMemory =
    left.type === 'Identifier' && /(?:token|jwt)$/i.test(left.name) && module.scope.bindings.has(left.name);
  const isReset = bare(node.right).type === 'Literal' || scope.fn === undefined;
  return inMemory && !isReset ? [{ ...placeOf(module, node), storage: 'memory', key: left.name }] : [];
}
