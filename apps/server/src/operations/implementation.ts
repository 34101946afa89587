import type { AccessClaims } from '@holdfast/auth';
import type { Operation, OperationDefinition } from '@holdfast/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';

type StaticOf<T, Otherwise = undefined> = T extends TSchema ? Static<T> : Otherwise;

/** The part `Key` of a request to `O`, as its schema has made sure it is. */
type PartOf<O, Key extends string> =
  O extends Readonly<Record<Key, infer Schema>> ? StaticOf<Schema> : undefined;

type BodyOf<O> = O extends { readonly bodyType: readonly ['application/x-www-form-urlencoded'] }
  ? PartOf<O, 'body'>
  : O extends { readonly bodyType: readonly string[] }
    ? NodeJS.ReadableStream
    : O extends { readonly bodyOptional: true }
      ? PartOf<O, 'body'> | null | undefined
      : PartOf<O, 'body'>;

type Answer<Responses> = {
  [Status in keyof Responses]: Responses[Status] extends TSchema ? Static<Responses[Status]> : undefined;
}[keyof Responses];

/** A request to an operation, checked against its schemas; signed in when the operation asks for it. */
export interface Call<O> {
  readonly params: PartOf<O, 'params'>;
  readonly query: PartOf<O, 'query'>;
  readonly body: BodyOf<O>;
  readonly auth: O extends { readonly access: 'public' } ? null : AccessClaims;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Answers a call with the body of the operation's successful response; undefined where that has none. */
export type Handler<O extends { readonly responses: unknown }> = (
  call: Call<O>,
) => Promise<Answer<O['responses']>> | Answer<O['responses']>;

/** An operation and what answers it, with their types settled. */
export interface Implementation {
  readonly operation: Operation<OperationDefinition>;
  readonly handler: (call: Call<never>) => unknown;
}

/** Pairs an operation with its handler; the compiler checks that they fit. */
export function implement<O extends Operation<OperationDefinition>>(
  operation: O,
  handler: Handler<O>,
): Implementation {
  return { operation, handler: handler as Implementation['handler'] };
}
