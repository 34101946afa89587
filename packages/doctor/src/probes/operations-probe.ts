import { type Operation, operations, Problem } from '@holdfast/contract';
import { Value } from 'typebox/value';
import { type Answer, ask } from './ask.ts';
import type { ProbeTools } from './probe.ts';

const OPERATION_MS = 3_000;

/** What went wrong with one request to an operation. */
export interface WrongAnswer {
  readonly operation: string;
  readonly problem: string;
}

export interface OperationsLook {
  readonly asked: number;
  readonly wrong: readonly WrongAnswer[];
}

type AnyOperation = Omit<Operation, 'errors'>;

/**
 * Asks every operation that only reads, with or without the token of an account that has no permission, and compares
 * status, content type and body with what the contract declares.
 */
export async function lookAtOperations(
  url: string,
  token: string | undefined,
  tools: ProbeTools,
): Promise<OperationsLook> {
  const readable = Object.values<AnyOperation>(operations).filter(
    ({ method, operationId }) => method === 'GET' && operationId !== 'getReadiness',
  );
  const wanted = readable.filter(({ access }) => token === undefined || access !== 'public');
  const results = await Promise.all(wanted.map(operation => tryOperation(url, operation, token, tools)));
  return { asked: wanted.length, wrong: results.filter(result => result !== undefined) };
}

async function tryOperation(
  url: string,
  operation: AnyOperation,
  token: string | undefined,
  tools: ProbeTools,
): Promise<WrongAnswer | undefined> {
  // No row has the nil UUID.
  const path = operation.path.replaceAll(/\{\w+\}/g, '00000000-0000-0000-0000-000000000000');
  const answer = await ask({ url: `${url}${path}`, token, timeoutMs: OPERATION_MS }, tools);
  const problem = problemWith(operation, answer, expectedStatus(operation, token !== undefined));
  return problem === undefined ? undefined : { operation: `${operation.method} ${operation.path}`, problem };
}

function expectedStatus({ access }: AnyOperation, signedIn: boolean): number {
  if (access === 'public') return 200;
  if (!signedIn) return 401;
  return access === 'permission' ? 403 : 200;
}

function problemWith(operation: AnyOperation, answer: Answer, expected: number): string | undefined {
  if (answer.result !== 'answered') return `no answer: ${answer.message}`;
  const { status, body, contentType } = answer;
  if (status !== expected) {
    const code = (body as { code?: unknown } | null)?.code;
    return `answers ${status}${typeof code === 'string' ? ` ${code}` : ''} instead of ${expected}`;
  }
  const declaredType =
    status === 200 ? (operation.responseType ?? 'application/json') : 'application/problem+json';
  if (!contentType.startsWith(declaredType)) return `answers ${contentType}, declared is ${declaredType}`;
  const schema = status === 200 ? operation.responses[200] : Problem;
  if (schema === null || schema === undefined || Value.Check(schema, body)) return undefined;
  const [error] = Value.Errors(schema, body);
  return `the body is not as declared: ${error?.instancePath || '/'} ${error?.message ?? ''}`;
}
