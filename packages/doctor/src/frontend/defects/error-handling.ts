import type { FrontendFinding } from '../frontend-map.ts';
import type { Frame, Mark, ModuleFacts, Site } from '../read/module-facts.ts';
import { bare, chainText, contains, type SyntaxNode } from '../read/syntax.ts';
import { asksServer, type Handler, handlerAround, isSignOut, isSignOutName } from './handlers.ts';
import {
  type Condition,
  conditionsAround,
  finding,
  functionsAround,
  type Inspect,
  sourceOf,
} from './inspection.ts';

/** `error.response.status` where there may be no response: the API is down, and the handler itself fails. */
export const unguardedErrorResponse: Inspect = ({ modules }) =>
  modules.flatMap(module =>
    module.marks
      .filter(mark => mark.kind === 'response' && isUnguarded(module, mark))
      .map(({ node }) =>
        finding(
          'unguarded_error_response',
          module,
          node,
          `${sourceOf(module, node)} is undefined when the API cannot be reached, and reading from it throws inside the error handler.`,
          'Read it with ?. or test it first, and treat a missing response as trouble that may be retried.',
        ),
      ),
  );

function isUnguarded(module: ModuleFacts, { node, frame }: Mark): boolean {
  if (node.type !== 'MemberExpression') return false;
  const outer = frame.parent?.node;
  if (outer?.type !== 'MemberExpression' || bare(outer.object) !== node || outer.optional) return false;
  const object = chainText(node.object);
  const handler = handlerAround(frame);
  if (object === undefined || handler === undefined || object !== handler.errorName) return false;
  return !conditionsAround(frame, handler.node).some(condition => provesResponse(module, condition, object));
}

function provesResponse(module: ModuleFacts, { test, holds }: Condition, object: string): boolean {
  const text = sourceOf(module, test);
  const name = object.replace(/[.$]/g, '\\$&');
  if (!holds)
    return new RegExp(
      `!\\s*${name}\\??\\.response\\b|${name}\\??\\.response\\s*={2,3}\\s*(?:undefined|null)|!\\(?\\s*${name}\\s+instanceof\\s+HTTPError`,
    ).test(text);
  return new RegExp(
    `(?<!!\\s*)\\b${name}\\??\\.response\\b|${name}\\s+instanceof\\s+HTTPError|HTTPError['"\`]|isHTTPError`,
  ).test(text);
}

/** 403 says that this user may not do this; neither a new token nor another login changes that. */
export const forbiddenTreatedAsUnauthorized: Inspect = ({ modules }) =>
  modules.flatMap(module =>
    module.marks
      .filter(({ kind }) => kind === 'status')
      .flatMap(mark => {
        const isOther = /!==?\s*$/.test(module.text.slice(0, mark.node.start).slice(-8));
        if (isOther || actionOn(module, mark) === undefined) return [];
        return [
          finding(
            'forbidden_treated_as_unauthorized',
            module,
            mark.node,
            'A 403 ends the session or asks for a new token, as if it were a 401.',
            'Handle 403 as a missing permission: tell the user, and keep the session.',
          ),
        ];
      }),
  );

function actionOn(module: ModuleFacts, { node, frame }: Mark): SyntaxNode | undefined {
  for (let at: Frame | undefined = frame.parent; at !== undefined; at = at.parent) {
    const then = consequenceOf(at, node);
    if (then === undefined) continue;
    return then !== null && contains(then, inner => isSignOut(module, inner) || isRefresh(module, inner))
      ? then
      : undefined;
  }
  return undefined;
}

/** What happens when the test around a status holds; null when it is something else than a test for it. */
function consequenceOf({ node, parent }: Frame, status: SyntaxNode): SyntaxNode | null | undefined {
  const inside = (part: SyntaxNode) => status.start >= part.start && status.end <= part.end;
  if (node.type === 'IfStatement' || node.type === 'ConditionalExpression')
    return inside(node.test) ? node.consequent : null;
  // what stands behind another condition of the same test is none of its consequences
  const isGuard = node.type === 'LogicalExpression' && node.operator === '&&' && inside(node.left);
  if (isGuard) return contains(node.right, isCallOrAssignment) ? node.right : undefined;
  if (node.type !== 'SwitchCase' || node.test === null || !inside(node.test)) return undefined;
  const cases = parent?.node.type === 'SwitchStatement' ? parent.node.cases : [];
  return cases.slice(cases.indexOf(node)).find(({ consequent }) => consequent.length > 0) ?? null;
}

function isCallOrAssignment({ type }: SyntaxNode): boolean {
  return type === 'CallExpression' || type === 'AssignmentExpression';
}

function isRefresh(module: ModuleFacts, node: SyntaxNode): boolean {
  return node.type === 'CallExpression' && /refresh|renew/i.test(sourceOf(module, node.callee));
}

/** A sign-out that also happens when the network or the server is in trouble. */
export const logoutOnTrouble: Inspect = ({ modules }) =>
  modules.flatMap(module => {
    const seen = new Set<SyntaxNode>();
    const places: readonly Pick<Site, 'node' | 'frame' | 'fn'>[] = [
      ...module.sites,
      ...module.marks.flatMap(mark =>
        mark.kind === 'assignment'
          ? [{ node: mark.node as Site['node'], frame: mark.frame, fn: mark.scope.fn }]
          : [],
      ),
    ];
    return places.flatMap((place): FrontendFinding[] => {
      const trouble = signsOutOnTrouble(module, place);
      if (trouble === undefined || seen.has(trouble)) return [];
      seen.add(trouble);
      return [
        finding(
          'logout_on_trouble',
          module,
          place.node,
          'The user is signed out whatever went wrong, also when the network or the server failed.',
          'Sign out only on a 401 whose code says that the session is over; keep it through network errors and 5xx.',
        ),
      ];
    });
  });

/** The handler, or the place itself, where trouble signs out. */
function signsOutOnTrouble(
  module: ModuleFacts,
  { node, frame, fn }: Pick<Site, 'node' | 'frame' | 'fn'>,
): SyntaxNode | undefined {
  if (!isSignOut(module, node) || functionsAround(fn).some(({ name }) => isSignOutName(name)))
    return undefined;
  const handler = handlerAround(frame.parent);
  if (handler === undefined) return endsOnServerError(module, frame) ? node : undefined;
  const asked = asksServer(handler.tried) || endsOnServerError(module, frame);
  return asked && !endsForCause(module, frame, handler) ? handler.node : undefined;
}

const CAUSE =
  /\b40[13]\b|forbidden|unauthori[sz]ed|invalid_grant|revoked|session_expired|refresh_token_reused|sessionEnd|isAuthError|AuthError/i;
const TROUBLE = /!\s*[\w.]+\??\.response\b|>=?\s*500|ERR_NETWORK|onLine/;

const SERVER_ERROR = /status(?:Code)?\s*(?:>=?\s*(?:399|4\d\d|5\d\d)|={2,3}\s*5\d\d)/i;

/** Whether a place is reached because the server answered with a 5xx. */
function endsOnServerError(module: ModuleFacts, frame: Frame): boolean {
  return conditionsAround(frame).some(
    ({ test, holds }) => holds && SERVER_ERROR.test(sourceOf(module, test)),
  );
}

function endsForCause(module: ModuleFacts, frame: Frame, handler: Handler): boolean {
  return conditionsAround(frame, handler.node).some(({ test, holds }) => {
    const text = sourceOf(module, test);
    if (TROUBLE.test(text) && holds) return false;
    if (/!==?\s*401/.test(text)) return !holds;
    if (!holds) return /!/.test(text) && CAUSE.test(text);
    return CAUSE.test(text);
  });
}
