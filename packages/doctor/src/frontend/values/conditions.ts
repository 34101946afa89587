import type { Scope } from '../read/module-facts.ts';
import { bare, type SyntaxNode } from '../read/syntax.ts';
import type { Evaluation } from './evaluation.ts';
import { choice, type ParamValue, type Value } from './value.ts';

type Conditional = Extract<SyntaxNode, { type: 'ConditionalExpression' }>;

/**
 * `id ? a : b` is one of the two. Where an argument decides by being there or not, the choice remembers it: a caller
 * that leaves the argument out gets `b`, one that gives it gets `a`.
 */
export function conditional(evaluator: Evaluation, node: Conditional, scope: Scope): Value {
  const [first, second] = [
    evaluator.evaluate(node.consequent, scope),
    evaluator.evaluate(node.alternate, scope),
  ];
  const either = choice([first, second]);
  const tested = presenceTest(node.test);
  if (either.kind !== 'choice' || tested === undefined) return either;
  const by = evaluator.evaluate(tested.subject, scope);
  if (by.kind !== 'param' || by.fallback !== undefined || by.cls !== undefined) return either;
  const [given, missing] = tested.whenGiven ? [first, second] : [second, first];
  return { ...either, decision: { by: by as ParamValue, given, missing } };
}

interface PresenceTest {
  readonly subject: SyntaxNode;
  /** Whether the test holds when the subject is there. */
  readonly whenGiven: boolean;
}

/** `id`, `!id`, `id === undefined`, `id != null`. */
function presenceTest(input: SyntaxNode): PresenceTest | undefined {
  const test = bare(input);
  if (test.type === 'Identifier' || test.type === 'MemberExpression')
    return { subject: test, whenGiven: true };
  if (test.type === 'UnaryExpression' && test.operator === '!') {
    const inner = presenceTest(test.argument);
    return inner === undefined ? undefined : { ...inner, whenGiven: !inner.whenGiven };
  }
  if (test.type !== 'BinaryExpression' || !isNothing(test.right) || test.left.type === 'PrivateIdentifier')
    return undefined;
  const differs = test.operator === '!==' || test.operator === '!=';
  if (!differs && test.operator !== '===' && test.operator !== '==') return undefined;
  return { subject: bare(test.left), whenGiven: differs };
}

/** `undefined` or `null`, written out. */
export function isNothing(input: SyntaxNode): boolean {
  const node = bare(input);
  return (
    (node.type === 'Identifier' && node.name === 'undefined') ||
    (node.type === 'Literal' && node.value === null)
  );
}
