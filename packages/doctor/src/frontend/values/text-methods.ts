import type { Evaluation } from './evaluation.ts';
import {
  choice,
  concatenate,
  type Hole,
  literalOf,
  optionsOf,
  partsOf,
  unknown,
  type Value,
} from './value.ts';

const SAME = new Set(['toString', 'trim', 'toLowerCase', 'toUpperCase', 'valueOf', 'normalize']);

/** What a method of a text or list makes of it; undefined when it is about something else. */
export function textMethod(
  evaluator: Evaluation,
  object: Value,
  method: string,
  args: () => readonly Value[],
): Value | undefined {
  if (object.kind === 'list' && method === 'join') return joined(object.items, literalOf(args()[0]) ?? ',');
  if (object.kind === 'choice' && object.options.some(({ kind }) => kind === 'text'))
    return choice(object.options.map(option => textMethod(evaluator, option, method, args) ?? option));
  if (object.kind !== 'text' && object.kind !== 'param') return undefined;
  if (SAME.has(method)) return cased(object, method);
  if (method === 'concat') return concatenate([object, ...args()]);
  if (method === 'replace' || method === 'replaceAll') return replaced(object, args());
  return object.kind === 'text' ? unknown(method) : undefined;
}

function cased(object: Value, method: string): Value {
  const literal = literalOf(object);
  if (literal === undefined) return object;
  if (method === 'toUpperCase') return { kind: 'text', parts: [literal.toUpperCase()] };
  return method === 'toLowerCase' ? { kind: 'text', parts: [literal.toLowerCase()] } : object;
}

function joined(items: readonly Value[], separator: string): Value {
  return concatenate(
    items.flatMap((item, index) =>
      index === 0 ? [item] : [{ kind: 'text', parts: [separator] } as Value, item],
    ),
  );
}

/** `'/users/{id}'.replace('{id}', id)`: a hole in the place of what is replaced. An unknown pattern changes nothing. */
function replaced(object: Value, [pattern, replacement]: readonly Value[]): Value {
  const wanted = placeholderOf(pattern);
  if (object.kind !== 'text' || wanted === undefined || replacement === undefined) return object;
  const name = wanted.replace(/[^\w]/g, '');
  return choice(
    optionsOf(replacement).map(option => {
      const parts = partsOf(option);
      const [only] = parts;
      const hole: readonly (string | Hole)[] =
        parts.length === 1 && typeof only !== 'string' && only !== undefined
          ? [{ ...only, name: name || only.name }]
          : parts;
      return { kind: 'text', parts: object.parts.flatMap(part => splitPart(part, wanted, hole)) } as Value;
    }),
  );
}

function splitPart(part: string | Hole, wanted: string, hole: readonly (string | Hole)[]): (string | Hole)[] {
  if (typeof part !== 'string' || !part.includes(wanted)) return [part];
  return part.split(wanted).flatMap((piece, index) => (index === 0 ? [piece] : [...hole, piece]));
}

/** What is replaced: a known text, or `{${'id'}}` as generators write it. */
function placeholderOf(pattern: Value | undefined): string | undefined {
  const literal = literalOf(pattern);
  return literal === '' ? undefined : literal;
}
