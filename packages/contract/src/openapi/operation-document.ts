import { ERROR_REGISTRY, type ErrorCode } from '@holdfast/core';
import type { TSchema } from 'typebox';
import type { Operation, OperationDefinition } from '../operation.ts';
import { Problem } from '../schemas/problem.ts';
import { withReferences } from './schema-references.ts';

type AnyOperation = Operation<OperationDefinition>;

/** The OpenAPI operation object of one operation. */
export function operationDocument(operation: AnyOperation): Record<string, unknown> {
  const { operationId, summary, description, tags, permission } = operation;
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [...tags],
    ...(permission === undefined ? {} : { 'x-permission': permission }),
    security: security(operation),
    ...parametersPart(operation),
    ...requestBodyPart(operation),
    responses: { ...successResponse(operation), ...errorResponses(operation) },
  };
}

function security({ access, token, cookies, authentication }: AnyOperation): Record<string, unknown[]>[] {
  if (authentication === 'client') return [{ client: [] }];
  if (access !== 'public') return [{ bearer: [] }, { cookie: [] }];
  if (token === 'optional') return [{}, { bearer: [] }, ...(cookies === undefined ? [] : [{ cookie: [] }])];
  return [];
}

function parametersPart({ params, query }: AnyOperation): Record<string, unknown> {
  const parameters = [...parametersIn('path', params), ...parametersIn('query', query)];
  return parameters.length === 0 ? {} : { parameters };
}

function parametersIn(place: 'path' | 'query', schema: TSchema | undefined): unknown[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, TSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: withReferences(property),
  }));
}

function requestBodyPart({ body, bodyType, bodyOptional }: AnyOperation): Record<string, unknown> {
  if (body === undefined) return {};
  const types = bodyType ?? ['application/json'];
  const content = Object.fromEntries(types.map(type => [type, { schema: withReferences(body) }]));
  return { requestBody: { required: bodyOptional !== true, content } };
}

const requestIdHeader = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };

function successResponse({
  responses,
  responseType = 'application/json',
}: AnyOperation): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, schema]) => [
      status,
      {
        description: SUCCESS[status] ?? 'Success',
        headers: requestIdHeader,
        ...(schema === null ? {} : { content: { [responseType]: { schema: withReferences(schema) } } }),
      },
    ]),
  );
}

const SUCCESS: Readonly<Record<string, string>> = {
  200: 'Done',
  201: 'Created',
  204: 'Done; there is nothing to tell',
};

function errorResponses({
  errors,
  problem = Problem,
  problemType = PROBLEM_TYPE,
}: AnyOperation): Record<string, unknown> {
  const byStatus = Map.groupBy([...errors].sort(), code => ERROR_REGISTRY[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, errorResponse(status, codes, problem, problemType)]),
  );
}

const PROBLEM_TYPE = 'application/problem+json';

function errorResponse(
  status: number,
  codes: readonly ErrorCode[],
  problem: TSchema,
  problemType: string,
): unknown {
  const schema = {
    allOf: [withReferences(problem), { properties: { status: { const: status }, code: { enum: codes } } }],
  };
  return {
    description: codes.map(code => `\`${code}\`: ${ERROR_REGISTRY[code].title}`).join('. '),
    headers: { ...requestIdHeader, ...EXTRA_HEADERS[status] },
    content: { [problemType]: { schema } },
  };
}

const EXTRA_HEADERS: Readonly<Record<number, Record<string, unknown>>> = {
  401: { 'WWW-Authenticate': { $ref: '#/components/headers/Challenge' } },
  503: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } },
};
