import type { ApiParameter, ParameterPlace } from './api-operation.ts';
import { displayPlace, documentError } from './document-error.ts';
import { isObject, type JsonObject, membersOf, textOf } from './json-value.ts';
import type { Located, References } from './references.ts';

const PLACES: readonly ParameterPlace[] = ['path', 'query', 'header', 'cookie'];
const STYLES: Readonly<Record<ParameterPlace, readonly string[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form', 'cookie'],
};

/** Headers that OpenAPI describes elsewhere: parameters of these names are to be ignored. */
const NOT_PARAMETERS = new Set(['accept', 'content-type', 'authorization']);

/**
 * The parameters of an operation from several lists; a later one replaces an earlier one of the same name and place.
 * What the path names and no list declares is any text.
 */
export function readParameters(
  references: References,
  path: string,
  lists: readonly Located[],
): ApiParameter[] {
  const found = new Map<string, ApiParameter>();
  for (const list of lists) {
    if (list.value === undefined) continue;
    if (!Array.isArray(list.value)) throw documentError(displayPlace(list.file.uri, list.path), 'is no list');
    for (const [index, value] of list.value.entries()) {
      const at = { file: list.file, path: [...list.path, String(index)], value };
      const parameter = readParameter(references, references.settle(at));
      if (parameter.place === 'header' && NOT_PARAMETERS.has(parameter.name.toLowerCase())) continue;
      found.set(`${parameter.place} ${parameter.name}`, parameter);
    }
  }
  const named = [...path.matchAll(/\{([^}]+)\}/g)].map(match => match[1] ?? '');
  const missing = named.filter(name => !found.has(`path ${name}`)).map(undeclared);
  return [...found.values(), ...missing].filter(
    ({ place, name }) => place !== 'path' || named.includes(name),
  );
}

function undeclared(name: string): ApiParameter {
  return {
    name,
    place: 'path',
    required: true,
    style: 'simple',
    explode: false,
    allowReserved: false,
    schema: undefined,
    mediaType: undefined,
    examples: [],
  };
}

function readParameter(references: References, located: Located): ApiParameter {
  const wrong = (problem: string) => documentError(displayPlace(located.file.uri, located.path), problem);
  if (!isObject(located.value)) throw wrong('is no parameter');
  const { name, in: where, required, style, explode, allowReserved, schema, content } = located.value;
  if (typeof name !== 'string' || name === '') throw wrong('has no name');
  const place = PLACES.find(item => item === where);
  if (place === undefined) throw wrong(`is in "${String(where)}", which is none of ${PLACES.join(', ')}`);
  const [defaultStyle = 'simple'] = STYLES[place];
  const chosen = textOf(style) ?? defaultStyle;
  if (!STYLES[place].includes(chosen))
    throw wrong(`has the style ${chosen}, which no ${place} parameter has`);
  const [described] = membersOf(content);
  const entry = described === undefined ? undefined : contentEntry(references, located, described[0]);
  return {
    name,
    place,
    required: place === 'path' || required === true,
    style: chosen,
    explode: typeof explode === 'boolean' ? explode : chosen === 'form' || chosen === 'cookie',
    allowReserved: allowReserved === true,
    schema:
      schema === undefined ? entry?.schema : { ...located, path: [...located.path, 'schema'], value: schema },
    mediaType: described?.[0],
    examples: [
      ...readExamples(references, located as Located & { value: JsonObject }),
      ...(entry?.examples ?? []),
    ],
  };
}

function contentEntry(
  references: References,
  parameter: Located,
  mediaType: string,
): { schema: Located | undefined; examples: unknown[] } {
  const { content } = parameter.value as { content: JsonObject };
  const entry = references.settle({
    ...parameter,
    path: [...parameter.path, 'content', mediaType],
    value: content[mediaType],
  });
  if (!isObject(entry.value)) return { schema: undefined, examples: [] };
  const { schema } = entry.value;
  return {
    schema: schema === undefined ? undefined : { ...entry, path: [...entry.path, 'schema'], value: schema },
    examples: readExamples(references, entry),
  };
}

/** The values in `example` and `examples` of a parameter or a media type, and those of its schema. */
export function readExamples(references: References, { file, path, value }: Located): unknown[] {
  if (!isObject(value)) return [];
  const named = membersOf(value.examples).map(([name, example]) => {
    const settled = references.settle({ file, path: [...path, 'examples', name], value: example });
    return isObject(settled.value) ? settled.value.value : undefined;
  });
  const schema = isObject(value.schema)
    ? references.settle({ file, path: [...path, 'schema'], value: value.schema }).value
    : undefined;
  const ofSchema = isObject(schema)
    ? [schema.example, ...(Array.isArray(schema.examples) ? schema.examples : [])]
    : [];
  return [value.example, ...named, ...ofSchema].filter(example => example !== undefined);
}
