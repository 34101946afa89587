import type { Check } from '../engine/index.ts';
import type { FindingCode } from '../frontend/index.ts';
import { checkOf, count, degraded, fail, pass, unknown } from './judge.ts';

/** What a check of the sources fails on, and what it says when it finds nothing. */
const BREAKING: readonly (readonly [id: string, title: string, codes: readonly FindingCode[]])[] = [
  [
    'frontend.base_url',
    'The build of the frontend knows where the API is',
    ['base_url_unset', 'html_parsed_as_json'],
  ],
  [
    'frontend.one_client',
    'Every request goes through the client that renews tokens',
    ['raw_client_bypasses_interceptor'],
  ],
  [
    'frontend.error_handling',
    'The frontend survives an API that does not answer',
    ['unguarded_error_response'],
  ],
  [
    'frontend.operations',
    'The frontend calls operations that the API has',
    ['unknown_operation', 'wrong_method', 'trailing_slash'],
  ],
  ['frontend.forbidden', 'A 403 leaves the session alone', ['forbidden_treated_as_unauthorized']],
  ['frontend.sign_out', 'An outage signs nobody out', ['logout_on_trouble']],
  [
    'frontend.refresh',
    'Tokens are renewed once, however many requests need it',
    ['refresh_without_single_flight'],
  ],
  ['frontend.retries', 'Failed requests are repeated a few times at most', ['retry_without_cap']],
  ['frontend.socket', 'A WebSocket survives the end of its token', ['socket_without_renewal']],
  ['frontend.credentials', 'Requests to another origin take the cookies along', ['credentials_missing']],
];
const WEAK: readonly FindingCode[] = [
  'base_urls_disagree',
  'null_bearer_token',
  'token_in_url',
  'token_in_local_storage',
  'unchecked_response',
];
const NEEDS_DOCUMENT = 'frontend.operations';

/** What the sources of the frontend show. They are about the program as it is written, whether or not it has gone wrong yet. */
export const FRONTEND_CHECKS: readonly Check[] = [
  ...BREAKING.map(([id, title, codes]) =>
    checkOf({
      id,
      layer: 'frontend',
      title,
      from: 'frontend.sources',
      judge: ({ findings, calls, compared }) => {
        const found = findings.filter(({ code }) => codes.includes(code));
        const bySource = new Map(
          found.map(finding => [`source:${finding.file}:${finding.line}`, finding.message]),
        );
        if (bySource.size > 0) return [...bySource].map(([subject, message]) => fail(message, subject));
        return id === NEEDS_DOCUMENT && compared === null
          ? unknown('there is no OpenAPI document to compare the calls with; --openapi names one')
          : pass(`${count(calls, 'call')} in the sources`);
      },
    }),
  ),
  checkOf({
    id: 'frontend.weaknesses',
    layer: 'frontend',
    title: 'The sources of the frontend have no weakness that is known',
    from: 'frontend.sources',
    judge: ({ findings, files }) => {
      const found = findings.filter(({ code }) => WEAK.includes(code));
      if (found.length === 0) return pass(`${count(files, 'file')} read`);
      return degraded(found.map(({ file, line, message }) => `${file}:${line}: ${message}`).join(' '));
    },
  }),
];
