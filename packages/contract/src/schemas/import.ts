import Type, { type Static } from 'typebox';
import { ProblemCode } from './problem.ts';
import { text } from './text.ts';
import { CreateUserBody } from './user.ts';

const { roles, ...members } = CreateUserBody.properties;

/** One account to be imported. */
export const ImportRecord = Type.Object(
  {
    ...members,
    passwordHash: Type.Optional(
      text({ minLength: 1, maxLength: 512, description: 'An Argon2id PHC string, in place of a password.' }),
    ),
    roles,
  },
  { additionalProperties: false },
);
export type ImportRecord = Static<typeof ImportRecord>;

/** A line that was not imported. */
export const ImportError = Type.Object(
  {
    line: Type.Integer({
      minimum: 1,
      description: 'The line of the input on which the record begins, counted from 1.',
    }),
    code: ProblemCode,
    message: Type.String(),
    field: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type ImportError = Static<typeof ImportError>;

export const ImportResult = Type.Object(
  {
    imported: Type.Integer({ minimum: 0 }),
    failed: Type.Integer({ minimum: 0 }),
    errors: Type.Array(ImportError, { description: 'At most the first 1000.' }),
  },
  { additionalProperties: false },
);
export type ImportResult = Static<typeof ImportResult>;
