/** How one error code is presented: HTTP status, short title, and whether trying again unchanged may help. */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const entry = (status: number, title: string, retryable = false): ErrorEntry => ({
  status,
  title,
  retryable,
});

/**
 * Every stable error code of Holdfast. Codes are never renamed or reused: clients, runbooks and the doctor
 * match on them. Codes marked as ending a session are listed in {@link SESSION_ENDING_CODES}.
 */
export const ERROR_REGISTRY = {
  // Requests
  validation_failed: entry(400, 'The request does not match the schema'),
  invalid_json: entry(400, 'The request body is not valid JSON'),
  invalid_request: entry(400, 'The request is not acceptable'),
  invalid_cursor: entry(400, 'The cursor is not one this API issued'),
  password_rejected: entry(400, 'The password does not meet the policy'),
  not_found: entry(404, 'Not found'),
  method_not_allowed: entry(405, 'Method not allowed'),
  not_acceptable: entry(406, 'Not acceptable'),
  conflict: entry(409, 'The request conflicts with the current state'),
  email_taken: entry(409, 'An account with this e-mail address exists'),
  payload_too_large: entry(413, 'The request body is too large'),
  unsupported_media_type: entry(415, 'The content type is not supported'),
  upgrade_required: entry(426, 'This path speaks WebSocket'),
  rate_limited: entry(429, 'Too many requests', true),
  headers_too_large: entry(431, 'The request headers are too large'),
  // Authentication and authorization
  token_missing: entry(401, 'An access token is required'),
  token_invalid: entry(401, 'The token is not valid'),
  token_expired: entry(401, 'The token has expired'),
  recent_authentication_required: entry(401, 'The password must have been given a short while ago'),
  client_invalid: entry(401, 'The client is not known or its secret is wrong'),
  invalid_credentials: entry(401, 'The e-mail address or the password is wrong'),
  session_revoked: entry(401, 'The session has been ended'),
  session_expired: entry(401, 'The session has expired'),
  refresh_token_reused: entry(401, 'The refresh token was used before; the session has been ended'),
  session_not_restored: entry(401, 'The session is not in the restored database'),
  account_not_in_restored_database: entry(401, 'The account is not in the restored database'),
  account_disabled: entry(403, 'The account is disabled'),
  permission_denied: entry(403, 'A permission is missing'),
  origin_not_allowed: entry(403, 'The origin is not allowed'),
  csrf_token_invalid: entry(403, 'The token against cross-site requests is missing or wrong'),
  client_not_entitled: entry(400, 'The token was issued to another client'),
  // Availability
  database_unavailable: entry(503, 'The database is not available', true),
  database_timeout: entry(503, 'The database did not answer in time', true),
  pool_exhausted: entry(503, 'All database connections are in use', true),
  commit_unknown: entry(503, 'It is not known whether the change was saved'),
  overloaded: entry(503, 'The server is busy', true),
  not_ready: entry(503, 'The server is not ready', true),
  shutting_down: entry(503, 'The server is shutting down', true),
  recovery_pending: entry(503, 'The database is older than this session', true),
  journal_unavailable: entry(503, 'The revocation journal cannot be written', true),
  field_undecryptable: entry(500, 'An encrypted field cannot be decrypted'),
  upstream_unavailable: entry(503, 'The API server is not available', true),
  request_timeout: entry(408, 'The request took too long to arrive', true),
  schema_mismatch: entry(500, 'The database schema does not match this version'),
  internal: entry(500, 'Internal error'),
  // Operations (command line and keeper)
  usage: entry(400, 'Wrong usage'),
  configuration_invalid: entry(500, 'The configuration is not valid'),
  keyring_invalid: entry(500, 'The keyring is not usable'),
  home_in_use: entry(409, 'Another Holdfast runs on this state directory'),
  not_running: entry(409, 'Holdfast is not running on this state directory'),
  port_in_use: entry(409, 'The port is in use'),
  cluster_failed: entry(500, 'The embedded PostgreSQL did not start'),
  migration_failed: entry(500, 'A migration failed'),
  migration_tampered: entry(409, 'An applied migration file has changed'),
  migration_busy: entry(409, 'Another runner holds the migration lock', true),
  migration_half_done: entry(409, 'A migration stopped half-way and needs a decision'),
  migration_dangerous: entry(409, 'A migration would lock or break what is in use'),
  migration_adoption_needed: entry(409, 'Another tool has migrated this database'),
  baseline_refused: entry(409, 'The database is not what its baseline says'),
  repair_refused: entry(409, 'The repair would hide a difference'),
  scratch_unavailable: entry(500, 'No scratch database can be made'),
  data_loss_refused: entry(409, 'The change would lose data'),
  sql_file_invalid: entry(500, 'An SQL file is not usable'),
  drift_unknown: entry(500, 'What the schema should be cannot be found out'),
  seed_refused: entry(409, 'Seeding is refused here'),
  seed_failed: entry(500, 'A seed failed'),
  replication_failed: entry(500, 'The replication connection failed'),
  wal_archive_failed: entry(500, 'The WAL archive cannot go on'),
  interrupted: entry(409, 'The command was interrupted'),
  lock_timeout: entry(503, 'A lock was not available in time', true),
  openapi_unusable: entry(500, 'The OpenAPI document cannot be used'),
  gameday_failed: entry(500, 'A game day could not be played'),
  backup_destination_failed: entry(503, 'A place for backups cannot be used', true),
  backup_not_found: entry(404, 'There is no such backup'),
  backup_unknown: entry(404, 'No backup has this id'),
  backup_damaged: entry(500, 'A backup is damaged'),
  backup_failed: entry(500, 'A backup failed'),
  backup_not_possible: entry(409, 'No backup can be made like this'),
  restore_failed: entry(500, 'A restore failed'),
  restore_refused: entry(409, 'The restore is refused'),
} as const satisfies Record<string, ErrorEntry>;

/** A stable error code; the keys of {@link ERROR_REGISTRY}. */
export type ErrorCode = keyof typeof ERROR_REGISTRY;

/** The codes that end a session. A client signs its user out on these and on nothing else. */
export const SESSION_ENDING_CODES = [
  'session_revoked',
  'session_expired',
  'refresh_token_reused',
  'session_not_restored',
  'account_not_in_restored_database',
  'account_disabled',
] as const satisfies readonly ErrorCode[];

/** The RFC 9457 `type` URI of a code. A URN, so that it stays true wherever the API is served from. */
export function problemType(code: ErrorCode): string {
  return `urn:holdfast:problem:${code}`;
}
