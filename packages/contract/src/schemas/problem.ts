import { ERROR_REGISTRY, type ErrorCode } from '@holdfast/core';
import Type, { type Static, type TUnsafe } from 'typebox';
import { choice } from './text.ts';

/** Any code of the registry. */
export const ProblemCode: TUnsafe<ErrorCode> = choice<ErrorCode>(Object.keys(ERROR_REGISTRY) as ErrorCode[], {
  description: 'A stable code. Match on this, never on the texts.',
});

const members = {
  type: Type.String({ format: 'uri', description: 'A URN made of the code.' }),
  title: Type.String({ description: 'What the code means, the same for every occurrence.' }),
  status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What happened this time, and what to do.' }),
  code: ProblemCode,
  requestId: Type.String({ description: 'Finds this request in the logs and the audit log.' }),
};

/** One member of the request that is not acceptable. */
export const ProblemItem = Type.Object(
  {
    path: Type.String({ description: 'A JSON pointer, beginning with /body, /query or /params.' }),
    message: Type.String(),
  },
  { additionalProperties: false },
);

/** An error, as application/problem+json (RFC 9457). */
export const Problem = Type.Object(
  { ...members, errors: Type.Optional(Type.Array(ProblemItem)) },
  { additionalProperties: false, description: 'An error (RFC 9457).' },
);
export type Problem = Static<typeof Problem>;

export const ReadinessCheck = Type.Object(
  {
    name: choice(['database', 'schema', 'keyring', 'lifecycle']),
    ok: Type.Boolean(),
    reason: Type.Optional(Type.String({ description: 'Why not, when `ok` is false.' })),
  },
  { additionalProperties: false },
);
export type ReadinessCheck = Static<typeof ReadinessCheck>;

/** The answer of a server that cannot serve yet, or no more. */
export const NotReadyProblem = Type.Object(
  { ...members, checks: Type.Array(ReadinessCheck) },
  { additionalProperties: false, description: 'Why the server is not ready (RFC 9457).' },
);
export type NotReadyProblem = Static<typeof NotReadyProblem>;
