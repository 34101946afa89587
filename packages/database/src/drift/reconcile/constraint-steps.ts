import type { SchemaObject } from '../objects/schema-object.ts';
import { moveIndex } from './move-index.ts';
import { quoteName, quotePath, relationOf } from './quote.ts';
import { commentStep } from './rights-steps.ts';
import { type PlanContext, type Step, textOf } from './step.ts';

/**
 * Adds a constraint without keeping anybody waiting: checks and foreign keys unvalidated first, keys over an index that was
 * built concurrently. On a table that the same script makes, simply.
 */
export function createConstraint(context: PlanContext): Step[] {
  const { object } = context;
  const comment = typeof object.properties.comment === 'string' ? [constraintComment(object)] : [];
  return [
    ...addConstraint(context),
    ...(typeof object.properties.tablespace === 'string' ? placeConstraint(context) : []),
    ...comment,
  ];
}

/** Puts the index behind a constraint where it was expected. */
function placeConstraint({ object, newTable, expected }: PlanContext): Step[] {
  const { tablespace = null, kind } = object.properties;
  if (tablespace !== null && typeof tablespace !== 'string') return [];
  const isPartitioned = object.within.some(key => expected(key)?.properties.kind === 'partitioned');
  const path = [object.path[1] ?? '', object.path[3] ?? ''];
  if (newTable || isPartitioned) return [moveIndex({ path, tablespace, kind: 'empty' })];
  return [moveIndex({ path, tablespace, kind: kind === 'exclusion' ? 'locked' : 'in use' })];
}

function addConstraint({ object, newTable, expected }: PlanContext): Step[] {
  const table = relationOf(object.path);
  const name = quoteName(object.path[3] ?? '');
  const add = `alter table ${table} add constraint ${name} ${textOf(object, 'definition')}`;
  if (object.properties.enforced === false) return [{ sql: `${add} not enforced` }];
  if (object.properties.validated === false) return [{ sql: `${add} not valid` }];
  if (newTable) return [{ sql: add }];
  const kind = textOf(object, 'kind');
  const partitioned = object.within.some(key => expected(key)?.properties.kind === 'partitioned');
  if (kind === 'check' || (kind === 'foreign key' && !partitioned)) {
    const validate = `alter table ${table} validate constraint ${name}`;
    return [
      { sql: `${add} not valid`, alone: true },
      { sql: validate, alone: true },
    ];
  }
  if (!partitioned && kind !== 'exclusion' && canUseIndex(object)) return keyFromIndex(object, table, name);
  return [
    { sql: add, allow: [LOCKING_RULES[kind] ?? 'add-unique', 'there is no way to add it without a lock'] },
  ];
}

const LOCKING_RULES: Readonly<Record<string, string>> = {
  exclusion: 'add-exclusion',
  'foreign key': 'add-foreign-key',
};

/** USING INDEX takes no index with other options than the default ones of a constraint. */
function canUseIndex(object: SchemaObject): boolean {
  return textOf(object, 'index').startsWith('CREATE UNIQUE INDEX ON ');
}

function keyFromIndex(object: SchemaObject, table: string, name: string): Step[] {
  const index = textOf(object, 'index').replace(
    'CREATE UNIQUE INDEX ON',
    `create unique index concurrently ${name} on`,
  );
  const definition = textOf(object, 'definition');
  const deferrable = /( DEFERRABLE.*)$/.exec(definition)?.[1] ?? '';
  return [
    { sql: index, alone: true },
    {
      sql: `alter table ${table} add constraint ${name} ${textOf(object, 'kind')} using index ${name}${deferrable.toLowerCase()}`,
      alone: true,
    },
  ];
}

/** The statements for one changed property that need no new constraint. */
export function alterConstraint(context: PlanContext, property: string): Step[] {
  const { object, live } = context;
  const table = relationOf(object.path);
  const name = quoteName(object.path[3] ?? '');
  if (property === 'validated')
    return [{ sql: `alter table ${table} validate constraint ${name}`, alone: true }];
  if (property === 'definition')
    return [
      { sql: `alter table ${table} alter constraint ${name} ${deferral(textOf(object, 'definition'))}` },
    ];
  if (property === 'tablespace') return placeConstraint(context);
  if (property === 'triggers') return triggerSteps(object, live(object.key));
  if (property === 'comment') return [constraintComment(object)];
  if (property === 'valid')
    return [
      {
        sql: `reindex index concurrently ${quotePath([object.path[1] ?? '', object.path[3] ?? ''])}`,
        alone: true,
      },
    ];
  return [];
}

/** Whether a changed foreign key differs in nothing but when it is checked, which ALTER CONSTRAINT can change. */
export function onlyDeferralDiffers(one: SchemaObject, other: SchemaObject): boolean {
  const without = (object: SchemaObject): string =>
    textOf(object, 'definition').replace(/ DEFERRABLE.*$/, '');
  return one.properties.kind === 'foreign key' && without(one) === without(other);
}

function deferral(definition: string): string {
  if (/ DEFERRABLE INITIALLY DEFERRED$/.test(definition)) return 'deferrable initially deferred';
  return / DEFERRABLE$/.test(definition) ? 'deferrable initially immediate' : 'not deferrable';
}

function constraintComment(object: SchemaObject): Step {
  return commentStep(object);
}

/** The triggers of a foreign key have generated names, so that they are switched on with all of the table. */
function triggerSteps(object: SchemaObject, live: SchemaObject | undefined): Step[] {
  const table = relationOf(object.path);
  const [, referenced = ''] = /REFERENCES ([^(]+)\(/.exec(textOf(object, 'definition')) ?? [];
  const states = JSON.stringify(live?.properties.triggers ?? '');
  const tables = [
    ...(states.includes('_check_') ? [table] : []),
    ...(states.includes('_noaction_') || /_(cascade|restrict|set)/.test(states) ? [referenced] : []),
  ];
  return tables.map(name => ({
    sql: `alter table ${name} enable trigger all`,
    allow: ['disable-trigger', 'without its triggers a foreign key is not checked'] as const,
  }));
}
