import type { ApiContent, ApiOperation, ApiParameter } from '../document/api-operation.ts';
import { isObject } from '../document/json-value.ts';
import { sampleValues, seedOf } from '../requests/sample-values.ts';
import { writableContent, writeBody } from '../requests/write-body.ts';
import { headerText, pathText, queryPairs } from '../requests/write-parameter.ts';
import { addFinding, type Run } from './run.ts';

/** A request of an operation, without credentials. */
export interface PlannedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether every value in the path came from the document or from an earlier answer. */
  readonly known: boolean;
}

export interface PlanOptions {
  /** 0 is the plain request with what is required alone; others add what is optional. */
  readonly variant: number;
  /** Where values for the path come from: a write must not touch what it did not create. */
  readonly pathValues: 'any' | 'own';
}

export type Plan = PlannedRequest | { readonly impossible: string };

/** Puts a request of an operation together. The same seed and the same earlier answers give the same request. */
export function planRequest(run: Run, operation: ApiOperation, options: PlanOptions): Plan {
  const chosen = new Map<ApiParameter, { value: unknown; known: boolean }>();
  for (const parameter of operation.parameters.filter(item => isIncluded(run, operation, item, options))) {
    const value = chooseValue(run, operation, parameter, options);
    if (value !== undefined) chosen.set(parameter, value);
    else if (parameter.required) return { impossible: whyNoValue(parameter, options) };
  }
  const body = planBody(run, operation, options);
  if (body !== undefined && 'impossible' in body) return body;
  const inPlace = (place: string) => [...chosen].filter(([parameter]) => parameter.place === place);
  const pairs = inPlace('query').flatMap(([parameter, { value }]) => queryPairs(parameter, value));
  const cookies = inPlace('cookie').map(
    ([parameter, { value }]) => `${parameter.name}=${headerText(parameter, value)}`,
  );
  const headers = inPlace('header').map(([parameter, { value }]) => [
    parameter.name.toLowerCase(),
    headerText(parameter, value),
  ]);
  const path = inPlace('path').reduce(
    (text, [parameter, { value }]) => text.replace(`{${parameter.name}}`, () => pathText(parameter, value)),
    operation.path,
  );
  return {
    method: operation.method,
    url: `${operation.server ?? run.base}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`,
    headers: {
      ...Object.fromEntries(headers),
      ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
      ...(body === undefined ? {} : { 'content-type': body.contentType }),
    },
    ...(body === undefined ? {} : { body: body.text }),
    known: inPlace('path').every(([, { known }]) => known),
  };
}

/** The plain request has what is required; of the optional parameters each variant has another choice. */
function isIncluded(
  run: Run,
  operation: ApiOperation,
  parameter: ApiParameter,
  { variant }: PlanOptions,
): boolean {
  if (parameter.required) return true;
  if (variant === 0) return false;
  const optional = operation.parameters.filter(item => !item.required);
  if (variant <= optional.length) return optional[variant - 1] === parameter;
  return (seedOf(run.options.seed + variant, `${operation.id} ${parameter.name}`) & 1) === 1;
}

function whyNoValue({ name, place }: ApiParameter, { pathValues }: PlanOptions): string {
  if (place === 'path' && pathValues === 'own') return `this run has created nothing for {${name}}`;
  return `no value could be made for the ${place} parameter ${name}`;
}

function chooseValue(
  run: Run,
  operation: ApiOperation,
  parameter: ApiParameter,
  { variant, pathValues }: PlanOptions,
): { value: unknown; known: boolean } | undefined {
  const fits = (value: unknown) => isAccepted(run, parameter, value);
  const lookUp =
    pathValues === 'own' && parameter.place === 'path' ? run.known.ownValuesFor : run.known.valuesFor;
  const known = lookUp(operation.path, parameter.name)
    .flatMap(value => [value, numeric(value)])
    .filter(fits);
  if (pathValues === 'own' && parameter.place === 'path') {
    return known.length === 0 ? undefined : { value: known[0], known: true };
  }
  const examples = parameter.examples.filter(fits);
  // an id that an earlier answer held exists; one of the document may not. For the rest the author knows best
  const preferred = parameter.place === 'path' ? [...known, ...examples] : [...examples, ...known];
  const found = preferred[variant % Math.max(1, Math.min(preferred.length, 3))];
  if (found !== undefined) return { value: found, known: true };
  const [value] = sampleValues(parameter.schema, {
    schemas: run.schemas.request,
    seed: seedOf(run.options.seed + variant, `${operation.id} ${parameter.place} ${parameter.name}`),
    count: 1,
    accept: sample => isWritable(parameter, sample),
  });
  return value === undefined ? undefined : { value, known: false };
}

/** A number that an answer has as text, or the other way round. */
function numeric(value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d{1,15}$/.test(value)) return Number(value);
  return typeof value === 'number' ? String(value) : undefined;
}

function isAccepted(run: Run, parameter: ApiParameter, value: unknown): boolean {
  if (value === undefined || !isWritable(parameter, value)) return false;
  if (parameter.schema === undefined) return true;
  const problems = run.schemas.request.check(parameter.schema, value);
  return 'unusable' in problems || problems.length === 0;
}

/** An empty segment, `.` and `..` make another path; control characters get no further than the next proxy. */
function isWritable({ place }: ApiParameter, value: unknown): boolean {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (!text.isWellFormed()) return false;
  if (place === 'query') return true;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return false;
  return place !== 'path' || !(text === '' || /^\.+$/.test(text) || /[/\\]/.test(text));
}

function planBody(
  run: Run,
  { id, body }: ApiOperation,
  { variant }: PlanOptions,
): { contentType: string; text: string } | { impossible: string } | undefined {
  if (body === undefined || (!body.required && variant === 0)) return undefined;
  const content = writableContent(body.contents);
  if (content === undefined) {
    const types = body.contents.map(({ mediaType }) => mediaType).join(', ');
    return { impossible: `no body can be written as ${types || 'nothing'}` };
  }
  const value = bodyValue(run, id, content, variant);
  if (value === undefined) return { impossible: 'no body could be made within its schema' };
  return writeBody(content.mediaType, value.body);
}

function bodyValue(
  run: Run,
  id: string,
  content: ApiContent,
  variant: number,
): { body: unknown } | undefined {
  const { schemas } = run;
  const example = content.examples[variant];
  if (example !== undefined && content.schema !== undefined) {
    const problems = schemas.request.check(content.schema, example);
    if ('unusable' in problems || problems.length === 0) return { body: example };
    addFinding(
      run,
      {
        kind: 'document',
        summary: `has an example that is not what its schema says: ${problems[0]?.message}`,
      },
      id,
    );
  }
  const [body] = sampleValues(content.schema, {
    schemas: schemas.request,
    seed: seedOf(run.options.seed + variant, `${id} body`),
    count: 1,
    requiredOnly: variant === 0,
    accept: value => content.schema !== undefined || isObject(value),
  });
  return body === undefined ? undefined : { body };
}
