import assert from 'node:assert/strict';
import { type OperationId, operations } from '@holdfast/contract';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** A response as every way of asking gives it. */
export interface SeenResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Holds responses against the OpenAPI document, and remembers which of its promises were seen kept. */
export interface Conformance {
  /** What is wrong with a response of an operation; undefined when nothing is. */
  problemOf(operationId: OperationId, response: SeenResponse): string | undefined;
  /** Fails for a response that does not conform; records it. */
  expect(operationId: OperationId, response: SeenResponse, status: number, code?: string): void;
  /** `operation status` and `operation status code`, as seen. */
  readonly seen: ReadonlySet<string>;
}

interface DocumentedResponse {
  readonly content?: Readonly<Record<string, { readonly schema: unknown }>>;
  readonly headers?: Readonly<Record<string, unknown>>;
}

type Document = Readonly<{
  paths: Record<string, Record<string, { readonly responses: Record<string, DocumentedResponse> }>>;
}>;

export function createConformance(document: unknown): Conformance {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  formats.default(ajv);
  ajv.addSchema(document as object, 'openapi');
  const seen = new Set<string>();
  const problemOf = (operationId: OperationId, response: SeenResponse): string | undefined => {
    const { path, method } = operations[operationId];
    const documented = (document as Document).paths[path]?.[method.toLowerCase()]?.responses[response.status];
    if (documented === undefined) return `status ${response.status} is not documented`;
    return (
      headerProblem(documented, response) ??
      bodyProblem(ajv, [path, method, response.status], documented, response)
    );
  };
  return {
    problemOf,
    seen,
    expect: (operationId, response, status, code) => {
      const context = `${operationId} ${status} ${code ?? ''}: ${response.status} ${response.body.slice(0, 500)}`;
      assert.equal(response.status, status, context);
      assert.equal(problemOf(operationId, response), undefined, context);
      if (code !== undefined) assert.equal(JSON.parse(response.body).code, code, context);
      seen.add(`${operationId} ${status}`).add(`${operationId} ${status} ${code ?? ''}`.trim());
    },
  };
}

function headerProblem({ headers = {} }: DocumentedResponse, response: SeenResponse): string | undefined {
  const missing = Object.keys(headers).filter(name => response.headers[name.toLowerCase()] === undefined);
  return missing.length === 0 ? undefined : `headers are missing: ${missing.join(', ')}`;
}

function bodyProblem(
  ajv: Ajv2020,
  [path, method, status]: readonly [string, string, number],
  { content }: DocumentedResponse,
  { headers, body }: SeenResponse,
): string | undefined {
  if (content === undefined) return body === '' ? undefined : 'a body where none is documented';
  const mediaType = String(headers['content-type']).split(';')[0] ?? '';
  if (content[mediaType] === undefined) return `content type ${mediaType} is not documented`;
  if (mediaType === 'text/plain') return undefined;
  const pointer = [
    'paths',
    path,
    method.toLowerCase(),
    'responses',
    String(status),
    'content',
    mediaType,
    'schema',
  ];
  const validate = ajv.getSchema(`openapi#/${pointer.map(escapePart).join('/')}`) as ValidateFunction;
  return validate(JSON.parse(body)) ? undefined : ajv.errorsText(validate.errors);
}

/** RFC 6901 section 6: a JSON pointer in a URI fragment. */
function escapePart(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
