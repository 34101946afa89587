export type Severity = 'error' | 'warning';

interface KindEntry {
  readonly severity: Severity;
  readonly title: string;
  /** What to do about it. */
  readonly advice: string;
}

const error = (title: string, advice: string): KindEntry => ({ severity: 'error', title, advice });
const warning = (title: string, advice: string): KindEntry => ({ severity: 'warning', title, advice });

/** Everything that can be found. Kinds are stable: scripts and the doctor match on them. */
export const FINDING_KINDS = {
  no_answer: error(
    'No answer',
    'See whether the process behind this route hangs or died; its log has the reason.',
  ),
  server_error: error(
    'The server failed',
    'Look for the request in the log of the server; a valid request must never fail.',
  ),
  status_undeclared: error(
    'A status that the document does not declare',
    'Declare it, or answer with one that is declared.',
  ),
  html_for_json: error(
    'HTML where JSON is declared',
    'A proxy, a framework or a page for everything unknown answers instead of the API: let it pass the answers of the API on.',
  ),
  content_type: error(
    'Another content type than declared',
    'Send the Content-Type that the document declares, or declare this one.',
  ),
  body_empty: error('An empty body where one is declared', 'Send the body, or answer 204 and declare that.'),
  body_not_json: error(
    'A body that is no JSON',
    'Serialize the body; look for something that is printed before or after it.',
  ),
  body_schema: error(
    'A body that is not what its schema says',
    'Clients built from the document break on it: correct the answer, or the schema.',
  ),
  body_undeclared: warning('A body where none is declared', 'Describe it in the document.'),
  header_missing: error('A required header is missing', 'Send it, or declare it as optional.'),
  encoding_broken: error(
    'A body that cannot be decoded',
    'Content-Encoding must name what was done to the body; look for compression done twice or not at all.',
  ),
  error_format: error(
    'Errors in another form than the others',
    'Clients read one form of errors: let this one be the same, or describe it.',
  ),
  auth_ignored: error(
    'Open to everybody though the document asks for credentials',
    'Put the check of credentials before this route.',
  ),
  auth_over_strict: error(
    'Credentials asked for though the document says public',
    'Take the check away from this route, or declare its security.',
  ),
  sign_in_failed: error(
    'The sign-in failed',
    'Check the account and the request; with curl the answer shows in full.',
  ),
  token_refused: error(
    'A token that was issued a moment ago lets nobody in',
    'Compare the key, issuer and audience that tokens are signed with and verified with, and the clocks; the document and --access must name the header that carries them.',
  ),
  method_undeclared: error(
    'A method that the document does not know is answered',
    'Remove the route, or declare it; else answer 405 with Allow.',
  ),
  method_error: warning(
    'The server failed at a method that the document does not know',
    'Answer 405 with Allow, before anything of the route runs.',
  ),
  head_differs: warning(
    'HEAD is answered otherwise than GET',
    'Answer HEAD as GET without the body, or 405.',
  ),
  cors_origin_refused: error(
    'A configured origin may not read the answers',
    'Add the origin to the allowed ones; a browser shows this as a network error while curl works.',
  ),
  cors_credentials: error(
    'A configured origin may not send credentials',
    'Send Access-Control-Allow-Credentials: true to it; a browser drops the answer while curl works.',
  ),
  cors_wildcard: error(
    'Any origin, with credentials',
    'Browsers refuse * together with credentials: name the origin.',
  ),
  cors_any_origin: error(
    'Every origin may act with the credentials of its visitors',
    'Compare the origin with a list instead of repeating it.',
  ),
  cors_method: error(
    'A declared method that the preflight does not allow',
    'Add the method to Access-Control-Allow-Methods.',
  ),
  cors_header: error(
    'A header that clients need and the preflight does not allow',
    'Add the header to Access-Control-Allow-Headers; * does not cover Authorization.',
  ),
  cors_vary: warning(
    'Vary lacks Origin',
    'Send Vary: Origin, or a cache hands the answer for one origin to another.',
  ),
  cookie_refused: error(
    'A cookie that browsers refuse',
    'Correct its attributes: until then a sign-in answers 200 and the next request 401.',
  ),
  cookie_unsent: error(
    'A cookie that browsers never send where it is needed',
    'Let its Path cover the route that refreshes the session.',
  ),
  redirect_slash: error(
    'A redirect to the same path with or without a slash',
    'Serve both, or use 308: after 301 and 302 browsers turn POST into GET and lose the body.',
  ),
  redirect_method: error(
    'A redirect that loses the request',
    'Answer here, or use 307 or 308: after 301, 302 and 303 browsers turn POST into GET and lose the body.',
  ),
  redirect_downgrade: error(
    'A redirect from https: to http:',
    'Let the application know the scheme of the proxy (X-Forwarded-Proto).',
  ),
  redirect_loop: error(
    'A redirect that comes back to itself',
    'Two places disagree about the right address; keep one of the redirects.',
  ),
  pagination_ignored: error('A limit that is not kept', 'Apply the limit that the document declares.'),
  pagination_missing: warning(
    'A list without an end',
    'Limit how many items one answer holds: this one grows with the data.',
  ),
  slow: warning(
    'A slow operation',
    'Look at the statements behind it: holdfast detailed-health names slow ones and missing indexes.',
  ),
  document: warning('The document contradicts itself', 'Correct the document.'),
} as const satisfies Record<string, KindEntry>;

export type FindingKind = keyof typeof FINDING_KINDS;
