import { HoldfastError } from '@holdfast/core';
import type { FastifyError, FastifySchemaValidationError } from 'fastify';

/** Enough to mend a form; a body with a million wrong members is not answered with a million messages. */
const MAX_ITEMS = 20;

const PART: Readonly<Record<string, string>> = { querystring: 'query' };

export interface ValidationItem {
  readonly path: string;
  readonly message: string;
}

/** The error for a request part that does not match its schema, with the place of each mismatch. */
export function validationFailed({
  validation = [],
  validationContext = 'body',
}: FastifyError): HoldfastError {
  const part = PART[validationContext] ?? validationContext;
  const errors = validationItems(validation, `/${part}`);
  const [first] = errors;
  const message = first === undefined ? `The ${part} is not acceptable.` : `${first.path} ${first.message}.`;
  return new HoldfastError('validation_failed', message, { details: { errors } });
}

export function validationItems(
  mismatches: readonly FastifySchemaValidationError[],
  root: string,
): ValidationItem[] {
  const items = mismatches.map(mismatch => ({ path: root + place(mismatch), message: wording(mismatch) }));
  return [...new Map(items.map(item => [`${item.path} ${item.message}`, item])).values()].slice(0, MAX_ITEMS);
}

/** The member itself for one that is missing or not known, which ajv reports at the object around it. */
function place({ instancePath, params }: FastifySchemaValidationError): string {
  const member = params.missingProperty ?? params.additionalProperty;
  if (typeof member !== 'string') return instancePath;
  return `${instancePath}/${member.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function wording({ keyword, params, message }: FastifySchemaValidationError): string {
  if (keyword === 'required') return 'is required';
  if (keyword === 'additionalProperties') return 'is not known here';
  if (keyword === 'pattern') return 'has a form that is not accepted';
  if (keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
  if (keyword === 'type') return `must be ${[params.type].flat().join(' or ')}`;
  return message ?? 'is not acceptable';
}
