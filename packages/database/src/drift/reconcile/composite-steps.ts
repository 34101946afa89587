import type { SchemaObject } from '../objects/schema-object.ts';
import { quoteName, quotePath } from './quote.ts';
import type { Step } from './step.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
}

/** The attributes of a composite type, in their order. */
export function fieldsOf({ properties }: SchemaObject): readonly Field[] {
  return (properties.fields ?? []) as unknown as readonly Field[];
}

export function fieldClause({ name, type, collation }: Field): string {
  return `${quoteName(name)} ${type}${collation === null ? '' : ` collate ${collation}`}`;
}

/** The statements that change the attributes of a composite type in place. */
export function fieldSteps(object: SchemaObject, before: SchemaObject): Step[] {
  const target = `alter type ${quotePath(object.path.slice(1))}`;
  const [wanted, found] = [fieldsOf(object), fieldsOf(before)];
  const named = (fields: readonly Field[], name: string): Field | undefined =>
    fields.find(field => field.name === name);
  return [
    ...found
      .filter(({ name }) => named(wanted, name) === undefined)
      .map(({ name }) => dropAttribute(object, name)),
    ...wanted.flatMap((field): Step[] => {
      const other = named(found, field.name);
      if (other === undefined) return [addAttribute(object, field)];
      if (fieldClause(other) === fieldClause(field)) return [];
      const clause = fieldClause(field).slice(quoteName(field.name).length + 1);
      return [
        {
          sql: `${target} alter attribute ${quoteName(field.name)} type ${clause}`,
          destroys: `values of ${field.name} that do not fit ${field.type}`,
        },
      ];
    }),
  ];
}

function dropAttribute(object: SchemaObject, name: string): Step & { readonly destroys: string } {
  return {
    sql: `alter type ${quotePath(object.path.slice(1))} drop attribute ${quoteName(name)}`,
    allow: ['drop-column', 'the expected type has no such attribute'],
    destroys: `the values of ${quoteName(name)} in every column of the type ${object.name}`,
  };
}

function addAttribute(object: SchemaObject, field: Field): Step {
  return { sql: `alter type ${quotePath(object.path.slice(1))} add attribute ${fieldClause(field)}` };
}

/** A composite type that gets a successor and has other attributes than that. */
export interface ReshapedType {
  /** What has to go before, while the type has its name. */
  readonly first: readonly Step[];
  /** The attributes that the successor is made with: as many as there are, in their order. */
  readonly fields: readonly Field[];
  /** What is added when the rows have moved. */
  readonly last: readonly Step[];
  readonly losses: readonly string[];
}

/** How rows of the type can move over by their text, for which the attributes have to be the same; undefined when they are. */
export function reshape(
  expected: SchemaObject | undefined,
  live: SchemaObject | undefined,
): ReshapedType | undefined {
  if (expected?.properties.kind !== 'composite' || live?.properties.kind !== 'composite') return undefined;
  const [wanted, found] = [fieldsOf(expected), fieldsOf(live)];
  const fields = found.flatMap(({ name }) => wanted.find(field => field.name === name) ?? []);
  const gone = found.filter(({ name }) => !fields.some(field => field.name === name));
  const added = wanted.filter(field => !fields.includes(field));
  const result = [...fields, ...added];
  const inOrder = result.every((field, index) => field === wanted[index]);
  if (gone.length === 0 && added.length === 0 && inOrder) return undefined;
  const first = gone.map(({ name }) => dropAttribute(expected, name));
  const order = wanted.map(({ name }) => quoteName(name)).join(', ');
  const manual = `type ${expected.name}: its attributes should be in the order ${order}; there is no statement for that`;
  return {
    first,
    fields,
    last: [
      ...added.map(field => addAttribute(expected, field)),
      ...(inOrder ? [] : [{ sql: manual, manual: true }]),
    ],
    losses: first.map(({ destroys }) => destroys),
  };
}
