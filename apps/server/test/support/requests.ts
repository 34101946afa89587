import { type OperationId, operations } from '@holdfast/contract';
import type { FastifyInstance, InjectOptions } from 'fastify';
import type { SeenResponse } from './conformance.ts';

/** What goes into a request of an operation. */
export interface Sample {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Objects are sent as JSON, text as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PlainRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** The HTTP request for a sample. Parameters are encoded; one that holds a percent sign is left as it is. */
export function requestOf(operationId: OperationId, sample: Sample): PlainRequest {
  const { method, path } = operations[operationId];
  const { params = {}, query = {}, body, contentType, token, headers = {} } = sample;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeParam(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  const type = contentType ?? (text === undefined ? undefined : 'application/json');
  return {
    method,
    url: search === '' ? filled : `${filled}?${search}`,
    headers: {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: text,
  };
}

function encodeParam(value: string): string {
  return value.includes('%') ? value : encodeURIComponent(value);
}

export async function send(app: FastifyInstance, request: PlainRequest): Promise<SeenResponse> {
  const { method, url, headers, body } = request;
  const response = await app.inject({
    method: method as NonNullable<InjectOptions['method']>,
    url,
    headers: { ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: response.statusCode, headers: response.headers, body: response.body };
}

export function call(
  app: FastifyInstance,
  operationId: OperationId,
  sample: Sample = {},
): Promise<SeenResponse> {
  return send(app, requestOf(operationId, sample));
}
