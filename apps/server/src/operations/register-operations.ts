import { OAuthError, operations } from '@holdfast/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { sendOAuthError } from '../features/oauth/oauth-error.ts';
import type { Services } from '../services.ts';
import { authorizationHook } from './authorization.ts';
import { acceptedBody, acceptForm, acceptJson, acceptNothing, acceptStream } from './body-parsers.ts';
import type { Call, Implementation } from './implementation.ts';
import { coerceQuery } from './query-coercion.ts';

/** Bulk imports may be this many times as large as other bodies. */
const STREAM_LIMIT_FACTOR = 16;

/**
 * Registers a route for each operation of the contract. Throws when one has no implementation, or more than one: the
 * contract is a promise.
 */
export async function registerOperations(
  app: FastifyInstance,
  services: Services,
  implementations: readonly Implementation[],
): Promise<void> {
  checkComplete(implementations);
  const byBody = Map.groupBy(implementations, acceptedBody);
  for (const [body, group] of byBody) {
    await app.register(async scope => {
      if (body === 'json') acceptJson(scope);
      else if (body === 'form') acceptForm(scope);
      else if (body === 'none') acceptNothing(scope);
      else acceptStream(scope, body.types, services.settings.bodyLimit * STREAM_LIMIT_FACTOR);
      for (const implementation of group) scope.route(routeOf(services, implementation));
    });
  }
}

function checkComplete(implementations: readonly Implementation[]): void {
  const names = implementations.map(({ operation }) => operation.operationId);
  const missing = Object.keys(operations).filter(name => !names.includes(name));
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  if (missing.length + repeated.length === 0) return;
  throw new Error(`Operations without exactly one implementation: ${[...missing, ...repeated].join(', ')}`);
}

function routeOf(services: Services, implementation: Implementation): RouteOptions {
  const { operation, handler } = implementation;
  const { method, path, access, query, params } = operation;
  const [status = '200', schema] = Object.entries(operation.responses)[0] ?? [];
  const code = Number(status);
  const onRequest = authorizationHook(services, operation);
  const preValidation = query === undefined ? undefined : coerceQuery(query);
  return {
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { access },
    ...(operation.problem === OAuthError ? { errorHandler: sendOAuthError } : {}),
    schema: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { querystring: query }),
      ...bodySchema(implementation),
      ...(schema === null || operation.responseType !== undefined ? {} : { response: { [code]: schema } }),
    },
    ...(onRequest === undefined ? {} : { onRequest }),
    ...(preValidation === undefined ? {} : { preValidation }),
    handler: async (request, reply) => {
      if (code !== 200) reply.code(code);
      return handler(callOf(request, reply));
    },
  };
}

function callOf(request: FastifyRequest, reply: FastifyReply): Call<never> {
  const { params, query, body, auth } = request;
  return { params, query, body, auth, request, reply } as unknown as Call<never>;
}

/** A body that may be absent arrives as null at its schema. */
function bodySchema(implementation: Implementation): { body?: unknown } {
  const { body, bodyOptional } = implementation.operation;
  const accepted = acceptedBody(implementation);
  if (body === undefined || typeof accepted === 'object') return {};
  return { body: bodyOptional === true ? { ...body, type: ['object', 'null'] } : body };
}
