import { ACCESS_COOKIE, CSRF_COOKIE } from '../cookies.ts';
import type { Operation, OperationDefinition } from '../operation.ts';
import { operationDocument } from './operation-document.ts';
import { componentSchemas } from './schema-references.ts';

export interface OpenApiOptions {
  readonly version: string;
  /** Where the API is served from; `/` for wherever the document came from. */
  readonly serverUrl: string;
}

const TAGS = [
  { name: 'system', description: 'The state of the server' },
  { name: 'authentication', description: 'Registration, login and tokens' },
  { name: 'oauth', description: 'Revocation and introspection for OAuth clients' },
  { name: 'account', description: 'The own account, profile and sessions' },
  { name: 'users', description: 'Administration of accounts' },
  { name: 'roles', description: 'Administration of roles' },
  { name: 'permissions', description: 'Administration of permissions' },
  { name: 'audit', description: 'Who did what' },
];

const DESCRIPTION = `Errors are problem documents (RFC 9457) with a stable \`code\`. A 503 is never a logout: wait as long as
\`Retry-After\` says and try again. Besides the responses listed, unknown paths are answered 404 \`not_found\`, known paths under
another method 405 \`method_not_allowed\` with \`Allow\`, and malformed HTTP 400, 408 or 431.`;

/** The OpenAPI 3.1 document of the given operations. Plain data; safe to serialize. */
export function openApiDocument(
  operations: Readonly<Record<string, Operation<OperationDefinition>>>,
  options: OpenApiOptions,
): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: options.version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.serverUrl }],
    tags: TAGS,
    paths: paths(Object.values(operations)),
    components: {
      schemas: componentSchemas(),
      securitySchemes: SECURITY_SCHEMES,
      headers: HEADERS,
    },
  };
}

function paths(all: readonly Operation<OperationDefinition>[]): Record<string, unknown> {
  const byPath = Map.groupBy(all, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, group]) => [
      path,
      Object.fromEntries(group.map(item => [item.method.toLowerCase(), operationDocument(item)])),
    ]),
  );
}

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: ACCESS_COOKIE,
    description: `Requests that change something also carry the value of the cookie ${CSRF_COOKIE} as X-CSRF-Token.`,
  },
  client: { type: 'http', scheme: 'basic' },
};

const HEADERS = {
  RequestId: { description: 'Finds this request in the logs.', schema: { type: 'string' } },
  RetryAfter: {
    description: 'Seconds to wait before trying again.',
    schema: { type: 'integer', minimum: 1 },
  },
  Challenge: { description: 'What is missing (RFC 6750).', schema: { type: 'string' } },
};
