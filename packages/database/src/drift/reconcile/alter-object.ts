import type { PropertyValue, SchemaObject } from '../objects/schema-object.ts';
import { alterColumn } from './column-steps.ts';
import { alterConstraint } from './constraint-steps.ts';
import {
  alterEventTrigger,
  alterExtension,
  alterPublication,
  defaultPrivilegeSteps,
  settingStep,
} from './database-steps.ts';
import { alterIndex } from './index-steps.ts';
import { commentStep, ownerStep, rightsSteps } from './rights-steps.ts';
import { alterPolicy, alterSequence, alterView, createFunction, triggerStateStep } from './schema-steps.ts';
import type { PlanContext, Step } from './step.ts';
import { alterTable } from './table-steps.ts';
import { alterType } from './type-steps.ts';

/** Changed by what else changes, or said when all is there. */
const SAID_ELSEWHERE = new Set(['column.collation', 'table.clustered on', 'table.replica identity']);

/** The statements that change properties of an object that is there. The owner comes first: rights hang on it. */
export function alterObject(context: PlanContext, properties: ReadonlySet<string>): Step[] {
  const { object } = context;
  const order = [...properties].sort((one, other) => rank(one) - rank(other));
  const seen = new Set<string>();
  return order.flatMap(property => {
    if (
      SAID_ELSEWHERE.has(`${object.type}.${property}`) &&
      (property !== 'collation' || properties.has('type'))
    )
      return [];
    const steps = alterProperty(context, property).filter(({ sql }) => !seen.has(sql));
    for (const { sql } of steps) seen.add(sql);
    return steps.length > 0 || seen.size > 0 ? steps : [cannot(object, property)];
  });
}

function rank(property: string): number {
  const first = ['owner', 'generated', 'default', 'type', 'not null', 'identity'].indexOf(property);
  return first === -1 ? 10 : first;
}

function alterProperty(context: PlanContext, property: string): Step[] {
  const { object, live } = context;
  if (property === 'owner') return ownerStep(object);
  if (property === 'comment' && object.type !== 'constraint') return [commentStep(object)];
  if (property === 'privileges' && object.type !== 'default privileges') {
    return rightsSteps(
      object,
      live(object.key)?.properties.privileges ?? {},
      object.properties.privileges ?? {},
    );
  }
  return ALTER[object.type]?.(context, property) ?? [];
}

type Alter = (context: PlanContext, property: string) => Step[];

const ALTER: Partial<Record<SchemaObject['type'], Alter>> = {
  column: alterColumn,
  constraint: alterConstraint,
  table: alterTable,
  type: alterType,
  view: alterView,
  'materialized view': alterView,
  sequence: alterSequence,
  policy: alterPolicy,
  extension: alterExtension,
  publication: alterPublication,
  function: ({ object }) => createFunction(object),
  trigger: ({ object }) => [triggerStateStep(object)],
  rule: ({ object }) => [triggerStateStep(object)],
  'event trigger': ({ object }) => alterEventTrigger(object),
  setting: ({ object }) => [settingStep(object)],
  'default privileges': ({ object, live }) => defaultPrivilegeSteps(object, live(object.key)),
  index: ({ object, validate }, property) =>
    property === 'valid' ? validate() : alterIndex(object, property),
};

function cannot(object: SchemaObject, property: string): Step {
  const wanted = show(object.properties[property] ?? null);
  return {
    sql: `${object.type} ${object.name}: ${property} should be ${wanted}; there is no statement for that`,
    manual: true,
  };
}

function show(value: PropertyValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
