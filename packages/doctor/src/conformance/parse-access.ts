import { HoldfastError } from '@holdfast/core';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import type { ApiAccess } from './api-access.ts';

const Text = Type.String({ minLength: 1 });
const closed = { additionalProperties: false };

const Access = {
  none: Type.Object({ kind: Type.Literal('none') }, closed),
  bearer: Type.Object({ kind: Type.Literal('bearer'), token: Text }, closed),
  basic: Type.Object({ kind: Type.Literal('basic'), username: Text, password: Type.String() }, closed),
  header: Type.Object({ kind: Type.Literal('header'), name: Text, value: Text }, closed),
  cookie: Type.Object({ kind: Type.Literal('cookie'), cookie: Text }, closed),
  'sign-in': Type.Object(
    {
      kind: Type.Literal('sign-in'),
      signIn: Type.Object(
        {
          method: Type.Optional(Text),
          path: Type.String({ pattern: '^/' }),
          body: Type.Record(Type.String(), Type.Unknown()),
          form: Type.Optional(Type.Boolean()),
          headers: Type.Optional(Type.Record(Type.String(), Type.String())),
          token: Type.Optional(Type.String({ pattern: '^/' })),
          header: Type.Optional(Text),
          prefix: Type.Optional(Type.String()),
          csrf: Type.Optional(Type.Object({ cookie: Text, header: Text }, closed)),
          refreshPath: Type.Optional(Type.String({ pattern: '^/' })),
          refreshCookie: Type.Optional(Text),
        },
        closed,
      ),
    },
    closed,
  ),
};

/** Reads how to get in from JSON or YAML. @throws `usage`, which names the member and shows no value */
export function parseAccess(text: string, name: string): ApiAccess {
  const value = parseValue(text, name);
  const kind = (value as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !isKind(kind)) {
    throw new HoldfastError('usage', `${name}: kind must be one of ${Object.keys(Access).join(', ')}.`);
  }
  const [problem] = Value.Errors(Access[kind], value);
  if (problem === undefined) return value as ApiAccess;
  const place = problem.instancePath === '' ? kind : problem.instancePath;
  throw new HoldfastError('usage', `${name}: ${place} ${problem.message}.`);
}

function isKind(kind: string): kind is keyof typeof Access {
  return Object.hasOwn(Access, kind);
}

function parseValue(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch {
    // the message of the parser shows the line, which may hold the password
    throw new HoldfastError('usage', `${name} is neither JSON nor YAML.`);
  }
}
