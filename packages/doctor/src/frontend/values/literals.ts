import { keyName, type SyntaxNode } from '../read/syntax.ts';
import { choice, literalOf, NOTHING, text, unknown, type Value } from './value.ts';

/** `value ?? fallback`. */
export function withFallback(value: Value, fallback: () => Value): Value {
  if (value.kind === 'nothing') return fallback();
  if (value.kind === 'param') return { ...value, fallback: fallback() };
  const literal = literalOf(value);
  if (literal === '') return fallback();
  if (literal !== undefined || !['text', 'unknown', 'choice'].includes(value.kind)) return value;
  return choice([value, fallback()]);
}

/** What a literal stands for; `null` and `false` are nothing. */
export function literalValue(value: unknown): Value {
  if (value === null || value === false) return NOTHING;
  if (typeof value === 'string' || typeof value === 'number' || value === true) return text(String(value));
  return unknown('value');
}

/** An enum with the members that are written out. */
export function enumValue(node: Extract<SyntaxNode, { type: 'TSEnumDeclaration' }>): Value {
  const entries = new Map<string, Value>();
  for (const member of node.body.members) {
    const key = keyName(member.id as SyntaxNode, false);
    const value =
      member.initializer?.type === 'Literal' ? literalValue(member.initializer.value) : unknown('value');
    if (key !== undefined) entries.set(key, value);
  }
  return { kind: 'object', entries };
}
