import type { CatalogDomain } from '@holdfast/postgres';
import { renamedLabels } from '../diff/renamed-labels.ts';
import type { SchemaObject } from '../objects/schema-object.ts';
import { fieldClause, fieldSteps, fieldsOf } from './composite-steps.ts';
import { quoteName, quotePath, quoteText } from './quote.ts';
import { listOf, type PlanContext, type Step, textOf } from './step.ts';

type DomainConstraint = CatalogDomain['constraints'][number];

export function createType(type: SchemaObject): Step[] {
  const { properties } = type;
  const name = quotePath(type.path.slice(1));
  if (properties.kind === 'enum') {
    return [{ sql: `create type ${name} as enum (${listOf(type, 'labels').map(quoteText).join(', ')})` }];
  }
  if (properties.kind === 'composite') {
    return [{ sql: `create type ${name} as (${fieldsOf(type).map(fieldClause).join(', ')})` }];
  }
  if (properties.kind === 'range')
    return [{ sql: `create type ${name} as range (subtype = ${textOf(type, 'definition')})` }];
  const parts = [
    `create domain ${name} as ${textOf(type, 'base type')}`,
    ...(typeof properties.collation === 'string' ? [`collate ${properties.collation}`] : []),
    ...(typeof properties.default === 'string' ? [`default ${properties.default}`] : []),
    ...(properties['not null'] === true ? ['not null'] : []),
    ...constraintsOf(type).map(
      item => `constraint ${quoteName(item.name)} ${item.definition.replace(/ NOT VALID$/, '')}`,
    ),
  ];
  return [{ sql: parts.join(' ') }];
}

/** The statements that change one property of a type in place. */
export function alterType(context: PlanContext, property: string): Step[] {
  const { object, live } = context;
  const before = live(object.key);
  if (before === undefined) return [];
  if (property === 'labels') return labelSteps(object, before);
  if (property === 'fields') return fieldSteps(object, before);
  const target = `alter domain ${quotePath(object.path.slice(1))}`;
  const { properties } = object;
  if (property === 'default') {
    const value = properties.default;
    return [{ sql: typeof value === 'string' ? `${target} set default ${value}` : `${target} drop default` }];
  }
  if (property === 'not null') {
    return properties['not null'] === true
      ? [
          {
            sql: `${target} set not null`,
            allow: ['domain-constraint', 'the rows have to be looked at once'],
          },
        ]
      : [{ sql: `${target} drop not null` }];
  }
  if (property === 'constraints') return domainConstraintSteps(target, object, before);
  return [
    {
      sql: `${object.name}: ${property} cannot be changed in place; make a new type and move the columns`,
      manual: true,
    },
  ];
}

/** Whether labels were only added or renamed, which ALTER TYPE can do. */
export function onlyAddsLabels(expected: SchemaObject, live: SchemaObject): boolean {
  if (renamedLabels(expected.properties.labels ?? null, live.properties.labels ?? null).length > 0)
    return true;
  const [wanted, found] = [listOf(expected, 'labels'), listOf(live, 'labels')];
  const kept = wanted.filter(label => found.includes(label));
  return kept.length === found.length && kept.every((label, index) => label === found[index]);
}

function labelSteps(object: SchemaObject, before: SchemaObject): Step[] {
  const renamed = renamedLabels(object.properties.labels ?? null, before.properties.labels ?? null);
  if (renamed.length > 0) {
    return renamed.map(([to, from]) => ({
      sql: `alter type ${quotePath(object.path.slice(1))} rename value ${quoteText(from)} to ${quoteText(to)}`,
      allow: [
        'rename-enum-value',
        'the expected type has this label in its place; look whether both mean the same',
      ] as const,
    }));
  }
  const found = listOf(before, 'labels');
  const labels = listOf(object, 'labels');
  return labels.flatMap((label, index) => {
    if (found.includes(label)) return [];
    const previous = labels[index - 1];
    const place =
      previous === undefined ? `before ${quoteText(found[0] ?? '')}` : `after ${quoteText(previous)}`;
    return [
      {
        sql: `alter type ${quotePath(object.path.slice(1))} add value ${quoteText(label)} ${place}`,
        alone: true,
      },
    ];
  });
}

function constraintsOf({ properties }: SchemaObject): readonly DomainConstraint[] {
  return (properties.constraints ?? []) as unknown as readonly DomainConstraint[];
}

function domainConstraintSteps(target: string, object: SchemaObject, before: SchemaObject): Step[] {
  const [wanted, found] = [constraintsOf(object), constraintsOf(before)];
  const same = (one: DomainConstraint, other: DomainConstraint): boolean =>
    JSON.stringify(one) === JSON.stringify(other);
  const gone = found.filter(item => !wanted.some(other => same(item, other)));
  const added = wanted.filter(item => !found.some(other => same(item, other)));
  return [
    ...gone.map(({ name }) => ({ sql: `${target} drop constraint ${quoteName(name)}` })),
    ...added.flatMap(({ name, definition, validated }): Step[] => {
      const add = `${target} add constraint ${quoteName(name)} ${definition.replace(/ NOT VALID$/, '')} not valid`;
      return validated
        ? [
            { sql: add, alone: true },
            { sql: `${target} validate constraint ${quoteName(name)}`, alone: true },
          ]
        : [{ sql: add }];
    }),
  ];
}
