import type { Fault } from '../engine/index.ts';
import { nameOf } from './symptoms.ts';

interface FrontendFault {
  readonly code: string;
  readonly check: string;
  /** What is wrong, after "The frontend" and before the place. */
  readonly wrong: string;
  readonly mechanism: string;
  readonly mend: string;
}

const FAULTS: readonly FrontendFault[] = [
  {
    code: 'frontend_base_url_unset',
    check: 'frontend.base_url',
    wrong: 'was built without the address of the API',
    mechanism:
      "Requests go to undefined/… on the page's own host, which answers 200 with the page itself: the API looks up, and the screen stays blank.",
    mend: 'Set the variable for the build and let the build fail without it; look at the status and content type before reading JSON.',
  },
  {
    code: 'frontend_bypasses_client',
    check: 'frontend.one_client',
    wrong: 'asks the API past the client that adds and renews the token',
    mechanism: 'These requests get 401 as soon as the token has expired, while everything else works on.',
    mend: 'Use the client that the other calls use.',
  },
  {
    code: 'frontend_unguarded_error',
    check: 'frontend.error_handling',
    wrong: 'reads the status of a response that may not exist',
    mechanism:
      'While the API is down there is no response: the error handler itself throws, and users see a broken page instead of a message.',
    mend: 'Read it with ?. and treat a missing response as trouble that may be tried again.',
  },
  {
    code: 'frontend_calls_missing_operation',
    check: 'frontend.operations',
    wrong: 'calls an operation that the API does not have',
    mechanism: 'The API answers 404, 405 or a redirect that turns a POST into a GET; the API itself is fine.',
    mend: 'Call an operation that the API declares, or bring the removed one back.',
  },
  {
    code: 'frontend_forbidden_as_unauthorized',
    check: 'frontend.forbidden',
    wrong: 'treats 403 as if the session were over',
    mechanism:
      'A user who lacks one permission is signed out, or renews a token that was valid, again and again.',
    mend: 'Tell the user that a permission is missing, and keep the session.',
  },
  {
    code: 'frontend_outage_signs_out',
    check: 'frontend.sign_out',
    wrong: 'signs users out when the network or the server fails',
    mechanism: 'A short outage becomes a logout of everybody, and a storm of sign-ins when it ends.',
    mend: 'End the session only on a 401 whose code says that it is over.',
  },
  {
    code: 'frontend_refresh_storm',
    check: 'frontend.refresh',
    wrong: 'renews the token once for every request that needs it',
    mechanism:
      'With rotation all renewals but one present a used token: the family is revoked and the user signed out.',
    mend: 'Keep the promise of the running renewal and let everybody wait for it.',
  },
  {
    code: 'frontend_retry_storm',
    check: 'frontend.retries',
    wrong: 'repeats failed requests without end',
    mechanism: 'Every open page asks again and again while the API is in trouble, which keeps it in trouble.',
    mend: 'Count the attempts, stop after a few, and wait longer before each.',
  },
  {
    code: 'frontend_stale_socket_token',
    check: 'frontend.socket',
    wrong: 'keeps a WebSocket open with a token that it never renews',
    mechanism: 'Live updates stop when the token expires, while everything else works on.',
    mend: 'Take a fresh token for every connection and connect again on close.',
  },
  {
    code: 'frontend_credentials_missing',
    check: 'frontend.credentials',
    wrong: 'sends no cookies with some requests to another origin',
    mechanism: 'These requests look signed out to the API; with curl and its cookie jar they work.',
    mend: "Add credentials: 'include', or withCredentials: true for axios.",
  },
];

/** Defects in the sources of a frontend. Each rests on a check of its own, which nothing else can make fail. */
export const FRONTEND_FAULTS: readonly Fault[] = FAULTS.map(({ code, check, wrong, mechanism, mend }) => ({
  code,
  layer: 'frontend',
  subject: { of: check, general: 'source' },
  summary: context => `The frontend ${wrong}, at ${nameOf(context, 'a place of its sources')}.`,
  mechanism: () => mechanism,
  mustFail: [`${check}@$`],
  mayFail: [],
  mustPass: [],
  grade: 'direct',
  repair: context => ({
    risk: 'safe',
    steps: [`In ${nameOf(context, 'the sources')}: ${mend}`, 'Build and deploy the frontend again.'],
    undo: 'Deploy the former build.',
  }),
}));
