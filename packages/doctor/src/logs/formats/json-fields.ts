import { HoldfastError } from '@holdfast/core';

/** Where a field is found: the first path that leads to a value. */
type FieldPaths = readonly (readonly string[])[];

const paths = (...names: string[]): FieldPaths => names.map(name => name.split('.'));

const DEFAULTS = {
  time: paths('time', 'timestamp', 'ts', '@timestamp', 'time_iso8601', 'time_local', 'date', 'startedAt'),
  level: paths('level', 'severity', 'error_severity', 'log.level', 'levelname', 'lvl'),
  status: paths(
    'status',
    'statusCode',
    'status_code',
    'res.statusCode',
    'response.status',
    'http.status_code',
    'http.response.status_code',
  ),
  method: paths(
    'method',
    'req.method',
    'request.method',
    'request_method',
    'http.method',
    'http.request.method',
    'verb',
  ),
  route: paths('route', 'http.route', 'routePath', 'endpoint'),
  path: paths(
    'path',
    'url',
    'req.url',
    'request.url',
    'request.path',
    'uri',
    'request_uri',
    'url.path',
    'http.target',
  ),
  client: paths(
    'client',
    'ip',
    'clientIp',
    'client_ip',
    'remoteAddress',
    'req.remoteAddress',
    'remote_addr',
    'remote_ip',
    'client.ip',
    'request.remote_ip',
    'http_x_forwarded_for',
  ),
  user: paths('userId', 'user_id', 'user.id', 'uid', 'sub', 'remote_user', 'user'),
  durationMs: paths(
    'durationMs',
    'responseTime',
    'duration_ms',
    'response_time_ms',
    'latency_ms',
    'elapsed_ms',
    'responseTimeMs',
    'latency',
    'elapsed',
    'took',
  ),
  durationSeconds: paths('request_time', 'duration', 'duration_s', 'response_time'),
  agent: paths('userAgent', 'user_agent', 'req.headers.user-agent', 'http_user_agent', 'agent'),
  message: paths('msg', 'message', 'event', 'error.message'),
  error: paths('err.message', 'error', 'exception.message', 'reason'),
  code: paths('code', 'err.code', 'error.code', 'errorCode', 'error_code', 'state_code'),
} as const satisfies Readonly<Record<string, FieldPaths>>;

export type FieldName = keyof typeof DEFAULTS;
export type JsonFields = Readonly<Record<FieldName, FieldPaths>>;

/**
 * Where the fields of JSON lines are: the usual names, and before them those given as `status=http.code`.
 * Throws `usage` for what is no such text or no such field.
 */
export function jsonFields(overrides: readonly string[] = []): JsonFields {
  const fields: Record<FieldName, FieldPaths> = { ...DEFAULTS };
  for (const override of overrides) {
    const [name = '', path = ''] = override.split('=');
    if (!Object.hasOwn(DEFAULTS, name) || path === '') {
      const known = Object.keys(DEFAULTS).join(', ');
      throw new HoldfastError('usage', `"${override}" is no field: write NAME=PATH, with one of ${known}.`);
    }
    const field = name as FieldName;
    fields[field] = [[path], path.split('.'), ...fields[field]];
  }
  return fields;
}

/** The value at the first path that leads to one. A name with dots in it is tried as it is, too. */
export function readField(value: Readonly<Record<string, unknown>>, field: FieldPaths): unknown {
  for (const path of field) {
    const [first = '', second] = path;
    const found = second === undefined ? value[first] : (value[path.join('.')] ?? inside(value, path));
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

function inside(value: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let at: unknown = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
