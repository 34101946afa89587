import Type, { type Static, type TSchema, type TString, type TUnsafe } from 'typebox';

/** No NUL, which PostgreSQL cannot store, and no lone surrogate, which UTF-8 cannot carry. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';

export interface TextBounds {
  readonly minLength?: number;
  readonly maxLength: number;
  readonly description?: string;
}

/** Free text that PostgreSQL can store. Lengths count code points, as JSON Schema does. */
export function text(bounds: TextBounds): TString {
  return Type.String({ ...bounds, pattern: STORABLE });
}

/** The same schema, accepting null as well. For schemas with a single `type`. */
export function nullable<T extends TSchema & { readonly type: string }>(
  schema: T,
): TUnsafe<Static<T> | null> {
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'] });
}

/** One of a few words. */
export function choice<const T extends string>(
  values: readonly T[],
  options: { readonly description?: string } = {},
): TUnsafe<T> {
  return Type.Unsafe<T>({ type: 'string', enum: values, ...options });
}

/** The plain form only: the format alone would let `urn:uuid:` pass, which PostgreSQL refuses. */
export const Id = Type.String({
  format: 'uuid',
  pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
  description: 'A UUID.',
});

export const Timestamp = Type.String({ format: 'date-time', description: 'An RFC 3339 time.' });

/** One `@` with something that is no white space and no control character on both sides; only delivery proves more. */
export const Email = Type.String({
  maxLength: 320,
  pattern:
    '^[^\\s@\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]+@[^\\s@\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]+$',
  description: 'An e-mail address. Upper and lower case are the same address.',
});

/** Any password that may be tried. Whether one may be chosen is up to the password policy. */
export const Password = text({ minLength: 1, maxLength: 1024 });

/** A token as it is presented: printable ASCII, whatever it turns out to be. */
export const Token = Type.String({ minLength: 1, maxLength: 8192, pattern: '^[\\u0021-\\u007e]+$' });
