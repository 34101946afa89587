import type { FunctionFacts } from '../read/module-facts.ts';
import type { Evaluator } from '../values/evaluator.ts';
import { readMember } from '../values/members.ts';
import { literalOf, type Value } from '../values/value.ts';
import type { RawRequest } from './request-models.ts';

/**
 * The request that a function of OpenAPI Generator's axios client describes in `localVarPath` and
 * `localVarRequestOptions` for another function to send; undefined for every other function.
 */
export function generatedRequest(evaluator: Evaluator, fn: FunctionFacts): RawRequest | undefined {
  const path = localValue(evaluator, fn, 'localVarPath');
  const options = localValue(evaluator, fn, 'localVarRequestOptions');
  if (path === undefined || options === undefined) return undefined;
  const method = literalOf(readMember(evaluator, options, 'method'));
  if (method === undefined) return undefined;
  return {
    ...{ library: 'openapi-generator', client: undefined, url: path, base: undefined, init: options },
    method: { kind: 'text', parts: [method.toUpperCase()] },
    credentials: false,
  };
}

function localValue(evaluator: Evaluator, fn: FunctionFacts, name: string): Value | undefined {
  const binding = fn.scope.bindings.get(name);
  return binding?.kind === 'variable' ? evaluator.bindingValue(binding, fn.module) : undefined;
}
