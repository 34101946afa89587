import type { Check } from '../engine/index.ts';
import type { Sightings } from '../sightings.ts';
import { checkOf, count, degraded, eachOf, fail, pass } from './judge.ts';

/** The live schema against the migrations of this version and the snapshot taken after the last one. */
export const SCHEMA_CHECKS: readonly Check[] = [
  checkOf({
    id: 'schema.migrations',
    layer: 'schema',
    title: 'Every migration of this version is applied',
    from: 'schema.ledger',
    judge: ({ applied, pending, running, version }) => {
      if (running) return { outcome: 'unknown', detail: 'a migration is running at this moment' };
      if (pending.length === 0) return pass(`${count(applied, 'migration')} applied, none pending`);
      return {
        ...fail(`${count(pending.length, 'migration')} not applied: ${pending.join(', ')}`),
        undo: rollbackTo(version),
      };
    },
  }),
  checkOf({
    id: 'schema.version',
    layer: 'schema',
    title: 'This version knows every applied migration',
    from: 'schema.ledger',
    judge: ({ unknown }) =>
      unknown.length === 0 ? pass('it does') : fail(`applied by a newer version: ${unknown.join(', ')}`),
  }),
  checkOf({
    id: 'schema.complete',
    layer: 'schema',
    title: 'No migration has stopped half-way',
    from: 'schema.ledger',
    judge: ({ halfDone, running, version }) => {
      if (running) return { outcome: 'unknown', detail: 'a migration is running at this moment' };
      return eachOf(
        halfDone.map(name => `migration:${name}`),
        subject => `the migration ${subject.slice('migration:'.length)} stopped half-way`,
        'none has',
      ).map(judged => (judged.outcome === 'fail' ? { ...judged, undo: rollbackTo(version) } : judged));
    },
  }),
  checkOf({
    id: 'schema.ledger',
    layer: 'schema',
    title: 'Migration files and ledger agree',
    from: 'schema.ledger',
    judge: ({ contradictions }) =>
      contradictions.length === 0 ? pass('they do') : fail(contradictions.join('; ')),
  }),
  checkOf({
    id: 'schema.tables',
    layer: 'schema',
    title: 'Every table is there',
    from: 'schema.catalog',
    judge: ({ tables, missingTables }) =>
      eachOf(
        missingTables.map(name => `table:${name}`),
        subject => `the table ${subject.slice('table:'.length)} does not exist`,
        `${tables} of ${tables} tables present`,
      ),
  }),
  checkOf({
    id: 'schema.columns',
    layer: 'schema',
    title: 'Every table has its columns',
    from: 'schema.catalog',
    judge: ({ missingColumns, changedColumns }) => {
      if (missingColumns.length === 0) return pass('all columns present');
      return missingColumns.map(name => {
        const changed = changedColumns.find(({ column }) => column === name);
        const subject = `column:${name}`;
        if (changed === undefined) return fail(`the column ${name} is missing`, subject);
        const { problem, remedy, undo } = changed;
        return { ...fail(`the column ${name} ${problem}`, subject), remedy, undo };
      });
    },
  }),
  checkOf({
    id: 'schema.indexes',
    layer: 'schema',
    title: 'Every index is there',
    from: 'schema.catalog',
    judge: ({ indexes, missingIndexes }) =>
      eachOf(
        missingIndexes.map(name => `index:${name}`),
        subject => `the index ${subject.slice('index:'.length)} does not exist`,
        `${indexes} of ${indexes} indexes present`,
      ),
  }),
  checkOf({
    id: 'schema.index_validity',
    layer: 'schema',
    title: 'Every index is valid',
    from: 'schema.catalog',
    judge: ({ invalidIndexes }) =>
      eachOf(
        invalidIndexes.map(name => `index:${name}`),
        subject => `the index ${subject.slice('index:'.length)} is invalid: PostgreSQL does not use it`,
        'all valid',
      ),
  }),
  checkOf({
    id: 'schema.constraints',
    layer: 'schema',
    title: 'Every constraint is there',
    from: 'schema.catalog',
    judge: ({ missingConstraints }) =>
      eachOf(
        missingConstraints.map(name => `constraint:${name}`),
        subject => `the constraint ${subject.slice('constraint:'.length)} does not exist or is not enforced`,
        'all constraints enforced',
      ),
  }),
  checkOf({
    id: 'schema.code',
    layer: 'schema',
    title: 'Every function, view and trigger is there',
    from: 'schema.catalog',
    judge: ({ missingCode }) =>
      eachOf(missingCode, subject => `the ${spoken(subject)} does not exist`, 'all there'),
  }),
  checkOf({
    id: 'schema.triggers',
    layer: 'schema',
    title: 'No trigger is switched off that should be on',
    from: 'schema.catalog',
    judge: ({ disabledTriggers }) =>
      eachOf(
        disabledTriggers,
        subject =>
          subject.startsWith('constraint:')
            ? `the triggers that enforce the ${spoken(subject)} are switched off`
            : `the ${spoken(subject)} is switched off`,
        'all on',
      ),
  }),
  checkOf({
    id: 'schema.extensions',
    layer: 'schema',
    title: 'Every extension is there',
    from: 'schema.catalog',
    judge: ({ missingExtensions }) =>
      eachOf(
        missingExtensions.map(name => `extension:${name}`),
        subject => `the ${spoken(subject)} is not installed in this database`,
        'all there',
      ),
  }),
  checkOf({
    id: 'schema.rights',
    layer: 'schema',
    title: 'Every role may do what it was granted',
    from: 'schema.catalog',
    judge: ({ lostRights }) => {
      if (lostRights.length === 0) return [pass('all grants in place')];
      return [...Map.groupBy(lostRights, ({ object }) => object)].map(([object, lost]) => ({
        ...fail(
          `the ${spoken(object)}: ${lost.map(({ role, privileges }) => `${role} no longer has ${privileges.join(', ')}`).join('; ')}`,
          object,
        ),
        remedy: lost.map(
          ({ role, privileges }) => `grant ${privileges.join(', ')} on ${spoken(object)} to ${role};`,
        ),
        undo: lost
          .map(({ role, privileges }) => `revoke ${privileges.join(', ')} on ${spoken(object)} from ${role};`)
          .join(' '),
      }));
    },
  }),
  checkOf({
    id: 'schema.row_security',
    layer: 'schema',
    title: 'Row level security shows the rows that it should',
    from: 'schema.catalog',
    judge: ({ changedRowSecurity }) =>
      changedRowSecurity.length === 0
        ? pass('policies as expected')
        : changedRowSecurity.map(({ table, changes, remedy }) => ({
            ...fail(`row level security of ${table}: ${changes.join('; ')}`, `table:${table}`),
            remedy,
          })),
  }),
  checkOf({
    id: 'schema.trigger_actions',
    layer: 'schema',
    title: 'No trigger does what nobody expects',
    from: 'schema.catalog',
    judge: ({ interferingTriggers }) =>
      interferingTriggers.length === 0
        ? pass('none does')
        : interferingTriggers.map(({ trigger, problem, remedy }) => ({
            ...fail(`the trigger ${trigger} ${problem}`, `trigger:${trigger}`),
            remedy,
          })),
  }),
  checkOf({
    id: 'schema.trigger_functions',
    layer: 'schema',
    title: 'Triggers call the functions that they should',
    from: 'schema.catalog',
    judge: ({ changedTriggerFunctions }) =>
      changedTriggerFunctions.length === 0
        ? pass('they do')
        : degraded(
            `${changedTriggerFunctions.map(otherFunction).join('; ')}. Compare them: holdfast drift. If it was meant, record what is expected anew: holdfast snapshot, or a migration in a database that Holdfast migrates; else holdfast drift --sql writes the statements`,
          ),
  }),
];

type TriggerFunction = Sightings['schema.catalog']['changedTriggerFunctions'][number];

function otherFunction({ function: name, triggers }: TriggerFunction): string {
  const callers = `the trigger${triggers.length === 1 ? '' : 's'} ${triggers.join(', ')}`;
  return `the function ${name} is not the expected one, and ${callers} may do something else now`;
}

function rollbackTo(version: string): string {
  return `holdfast rollback --to ${version}`;
}

/** `table users` for `table:users`. */
function spoken(subject: string): string {
  return subject.replace(':', ' ');
}
