import type { Frame, ModuleFacts } from '../read/module-facts.ts';
import {
  bare,
  calleeName,
  chainText,
  contains,
  isFunction,
  keyName,
  memberName,
  type SyntaxNode,
} from '../read/syntax.ts';
import { sourceOf } from './inspection.ts';

const SIGN_OUT =
  /^(?:(?:force|do|handle|auto|perform)?_?(?:log_?out|sign_?out)(?:User|Now|Locally)?|(?:clear|remove|delete|reset|destroy|drop)(?:Access|Auth|All|Stored)?(?:Tokens?|Session|Auth|Credentials)|redirectToLogin|goToLogin)$/i;
const LOGIN_PAGE = /['"`]\/?(?:auth\/)?(?:log-?in|sign-?in)\b/i;
const MOVES = new Set(['push', 'replace', 'navigate', 'assign', 'goto', 'redirect', 'navigateTo']);
const REJECTED = new Set(['onError', 'onResponseError', 'onRequestError', 'afterResponse', 'beforeError']);

/** Whether a name says that it ends the session. */
export function isSignOutName(name: string): boolean {
  return SIGN_OUT.test(name);
}

/** Whether a node ends the session of the user: calls something of that name, drops the token or goes to the login. */
export function isSignOut(module: ModuleFacts, node: SyntaxNode): boolean {
  if (node.type === 'AssignmentExpression')
    return (
      /\blocation(?:\.href)?$/.test(chainText(node.left as SyntaxNode) ?? '') &&
      LOGIN_PAGE.test(sourceOf(module, node.right))
    );
  if (node.type !== 'CallExpression') return false;
  const name = calleeName(node) ?? '';
  if (SIGN_OUT.test(name)) return true;
  const text = sourceOf(module, node);
  if (name === 'removeItem') return /token|jwt|session/i.test(text);
  return MOVES.has(name) && LOGIN_PAGE.test(text);
}

/** The place where a rejected promise or a thrown error arrives, with the name of the error. */
export interface Handler {
  readonly node: SyntaxNode;
  readonly errorName: string | undefined;
  /** What was tried: the block before `catch`; undefined where that is a promise. */
  readonly tried: SyntaxNode | undefined;
}

/** The nearest handler around a place, not looking out of the function it stands in unless that is the handler. */
export function handlerAround(frame: Frame | undefined): Handler | undefined {
  for (let at = frame; at !== undefined; at = at.parent) {
    const { node } = at;
    if (node.type === 'CatchClause') {
      const tried = at.parent?.node.type === 'TryStatement' ? at.parent.node.block : undefined;
      return { node, errorName: node.param?.type === 'Identifier' ? node.param.name : undefined, tried };
    }
    if (!isFunction(node)) continue;
    if (!isRejectionHandler(node, at.parent)) return undefined;
    const [param] = node.params as SyntaxNode[];
    return { node, errorName: errorNameOf(param), tried: undefined };
  }
  return undefined;
}

function errorNameOf(param: SyntaxNode | undefined): string | undefined {
  return param?.type === 'Identifier' ? param.name : undefined;
}

/** `.catch(fn)`, `.then(_, fn)`, `interceptors.response.use(_, fn)`, `onError: fn`, `subscribe({ error: fn })`, `catchError(fn)`. */
export function isRejectionHandler(node: SyntaxNode, outer: Frame | undefined): boolean {
  const around = outer?.node;
  if (around?.type === 'Property') {
    const key = keyName(around.key as SyntaxNode, around.computed) ?? '';
    return REJECTED.has(key) || (key === 'error' && isSubscription(outer?.parent?.node));
  }
  if (around?.type !== 'CallExpression') return false;
  const index = around.arguments.findIndex(argument => bare(argument as SyntaxNode) === node);
  const callee = bare(around.callee);
  const method = memberName(callee);
  if (method === 'catch') return index === 0;
  if (method === 'then' || method === 'subscribe') return index === 1;
  if (callee.type === 'Identifier' && callee.name === 'catchError') return index === 0;
  return method === 'use' && index === 1 && /interceptors\.response\.use$/.test(chainText(callee) ?? '');
}

/** `observable.subscribe({ error: … })`. */
function isSubscription(node: SyntaxNode | undefined): boolean {
  return node?.type === 'CallExpression' && memberName(bare(node.callee)) === 'subscribe';
}

/** Whether something was asked of a server in the block that was tried. */
export function asksServer(tried: SyntaxNode | undefined): boolean {
  return tried === undefined || contains(tried, node => node.type === 'AwaitExpression', false);
}
