import type { preValidationHookHandler } from 'fastify';
import type { TSchema } from 'typebox';

type Coercion = (text: string) => unknown;

const COERCIONS: Readonly<Record<string, Coercion>> = {
  integer: text => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
  boolean: text => (text === 'true' ? true : text === 'false' ? false : text),
};

/**
 * Turns the texts of a query string into the integers and booleans that its schema asks for, and nothing else into
 * anything: bodies and paths are taken as they are.
 */
export function coerceQuery(schema: TSchema): preValidationHookHandler | undefined {
  const { properties = {} } = schema as { properties?: Record<string, { readonly type?: string }> };
  const coercions = Object.entries(properties).flatMap(([name, { type }]) => {
    const coercion = COERCIONS[type ?? ''];
    return coercion === undefined ? [] : [[name, coercion] as const];
  });
  if (coercions.length === 0) return undefined;
  return (request, _reply, done) => {
    const query = request.query as Record<string, unknown>;
    for (const [name, coercion] of coercions) {
      const value = query[name];
      if (typeof value === 'string') query[name] = coercion(value);
    }
    done();
  };
}
