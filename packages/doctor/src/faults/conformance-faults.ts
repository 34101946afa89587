import type { Fault, FaultContext, Layer } from '../engine/index.ts';
import { detailOf, nameOf } from './symptoms.ts';

interface Difference {
  readonly code: string;
  readonly layer: Layer;
  readonly check: string;
  /** Fixed; by default the operations that show it. */
  readonly subject?: string;
  /** What must fail with it besides. */
  readonly and?: readonly string[];
  readonly mayFail?: readonly string[];
  readonly summary: (operation: string, context: FaultContext) => string;
  readonly mechanism: string;
  readonly steps: readonly string[];
}

/** What an API does otherwise than its document says. Nothing beneath it explains it, or that is named instead. */
function difference({
  code,
  layer,
  check,
  subject,
  and = [],
  mayFail = [],
  summary,
  mechanism,
  steps,
}: Difference): Fault {
  return {
    code,
    layer,
    subject: subject ?? { of: check, general: 'endpoint' },
    summary: (context: FaultContext) => summary(nameOf(context, 'an operation'), context),
    mechanism: (context: FaultContext) => `${mechanism}${detailOf(context, check)}.`,
    mustFail: [subject === undefined ? `${check}@$` : check, ...and],
    mayFail,
    mustPass: [],
    grade: 'direct',
    repair: () => ({
      risk: 'confirm',
      steps: [...steps, 'holdfast api check repeats the requests and shows them in full.'],
      undo: 'Deploy what was there before.',
    }),
  };
}

/** Of a request that was given up nobody knows whether an answer would have come. */
function failureInWords(operation: string, context: FaultContext): string {
  const [, milliseconds] = /no answer within (\d+) ms/.exec(detailOf(context, 'api.failures')) ?? [];
  return milliseconds === undefined
    ? `The operation ${operation} fails though the request is valid.`
    : `The operation ${operation} gives no answer within ${Number(milliseconds) / 1_000} s: it is slow, or hangs.`;
}

/** The API of a configured system, where its document says otherwise and nothing beneath it is broken. */
export const CONFORMANCE_FAULTS: readonly Fault[] = [
  difference({
    code: 'sign_in_refused',
    layer: 'auth',
    check: 'auth.sign_in',
    and: ['api.alone'],
    summary: operation => `The operation ${operation} does not let the probe user of the configuration in.`,
    mechanism: 'The account is locked, gone or has another password, or the sign-in itself is broken',
    steps: ['Try the account by hand, then look for the request in the log of the API.'],
  }),
  difference({
    code: 'own_tokens_refused',
    layer: 'auth',
    check: 'auth.own_tokens',
    subject: 'tokens',
    and: ['api.alone'],
    summary: () => 'The API refuses the tokens that it has just issued.',
    mechanism: 'Everybody can sign in, and is refused with the next request',
    steps: [
      'Compare what signs tokens with what verifies them: secret or key pair, algorithm, issuer and audience, in every process and in its environment.',
      'Compare the clocks of the machines: a token may begin in the future of the one that verifies it, or be over there.',
      'See whether signIn in the configuration names the token that requests carry (token), and how they carry it (header, prefix).',
    ],
  }),
  difference({
    code: 'operation_fails',
    layer: 'api',
    check: 'api.failures',
    and: ['api.alone'],
    summary: failureInWords,
    mechanism: 'The fault is in the API itself: nothing beneath it is broken that could explain it',
    steps: ['Look for the request in the log of the API.', 'See what was deployed last.'],
  }),
  difference({
    code: 'route_missing',
    layer: 'api',
    check: 'api.routes',
    summary: operation => `The operation ${operation} is not there, though the document has it.`,
    mechanism: 'Another version runs than the one that is described, or the route was taken out',
    steps: ['Compare the version that runs with the document.'],
  }),
  difference({
    code: 'response_differs',
    layer: 'api',
    check: 'api.schema',
    and: ['api.alone'],
    summary: operation => `The operation ${operation} answers otherwise than the document says.`,
    mechanism: 'The status is fine, but clients that were built from the document break on what is in it',
    steps: ['Correct the answer, or the document when that is what has changed on purpose.'],
  }),
  difference({
    code: 'operation_slow',
    layer: 'api',
    check: 'api.speed',
    and: ['api.slow_alone'],
    summary: operation => `The operation ${operation} is far slower than everything else.`,
    mechanism: 'What only this operation does takes its time',
    steps: [
      'Look at the statements behind it: holdfast detailed-health names slow ones and missing indexes.',
    ],
  }),
  difference({
    code: 'guard_missing',
    layer: 'api',
    check: 'api.guards',
    summary: operation => `The operation ${operation} is open to everybody.`,
    mechanism: 'The document asks for credentials, and the answer comes without',
    steps: ['Put the check of credentials before this route, at once.'],
  }),
  difference({
    code: 'guard_over_strict',
    layer: 'api',
    check: 'api.openness',
    summary: operation => `The operation ${operation} asks for credentials, though it is public.`,
    mechanism: 'Whoever is not signed in is refused',
    steps: ['Take the check of credentials away from this route, or declare it.'],
  }),
  difference({
    code: 'cors_refused',
    layer: 'api',
    check: 'api.cors',
    subject: 'cors',
    summary: () => 'Browsers do not let the pages of a configured origin use the API.',
    mechanism: 'A browser drops the answers, while curl works',
    steps: ['Let the API allow the origin, and credentials where cookies are sent.'],
  }),
  difference({
    code: 'cookie_refused',
    layer: 'api',
    check: 'api.cookies_kept',
    summary: operation => `Browsers refuse a cookie of ${operation}.`,
    mechanism: 'The sign-in answers 200, and the next request 401',
    steps: ['Serve the API over https, or take Secure away where it is reached over http.'],
  }),
  difference({
    code: 'cookie_not_sent',
    layer: 'api',
    check: 'api.cookies_sent',
    summary: operation => `Browsers do not send the refresh cookie of ${operation} where it is needed.`,
    mechanism: 'Everything works until the access token expires; then the session cannot be refreshed',
    steps: ['Let the path of the cookie cover the route that refreshes the session.'],
  }),
  difference({
    code: 'api_redirects',
    layer: 'api',
    check: 'api.requests_kept',
    and: ['api.redirects@$'],
    summary: operation =>
      `The API sends ${operation} on to another address, and the request is lost on the way.`,
    mechanism: 'After 301, 302 and 303 browsers turn POST into GET',
    steps: ['Answer at this address, or redirect with 307 or 308.'],
  }),
  difference({
    code: 'proxy_redirects',
    layer: 'proxy',
    check: 'api.requests_kept',
    and: ['proxy.redirects@$'],
    summary: operation =>
      `The proxy sends ${operation} on to another address, and the request is lost on the way.`,
    mechanism: 'After 301, 302 and 303 browsers turn POST into GET; directly the API answers well',
    steps: ['Take the redirect out of the configuration of the proxy, or let it be 308, and reload it.'],
  }),
  difference({
    code: 'proxy_gives_up',
    layer: 'proxy',
    check: 'proxy.failures',
    mayFail: ['api.failures'],
    summary: operation =>
      `The proxy answers ${operation} with an error of its own, where the API answers well.`,
    mechanism: 'It waits for a shorter time than the operation needs, or this path leads it somewhere else',
    steps: [
      'Let it wait longer than the operation takes (nginx: proxy_read_timeout; others: upstream or backend timeout), or make the operation faster.',
      'See whether a rule for this path names another upstream.',
    ],
  }),
  difference({
    code: 'api_answers_pages',
    layer: 'api',
    check: 'api.answers_kept',
    and: ['api.pages'],
    subject: 'api',
    summary: () => 'The API answers with pages where its document says JSON.',
    mechanism: 'A framework or a route for everything unknown answers in its place',
    steps: ['Let the API answer errors and unknown paths in the form of its document.'],
  }),
  difference({
    code: 'proxy_replaces_answers',
    layer: 'proxy',
    check: 'api.answers_kept',
    and: ['proxy.answers'],
    subject: 'proxy',
    summary: () => 'The proxy replaces answers of the API by pages of its own.',
    mechanism: 'Clients read JSON and get HTML; directly the API answers well',
    steps: [
      'Switch off error pages for the API in the configuration of the proxy (nginx: proxy_intercept_errors off), and reload it.',
    ],
  }),
];
