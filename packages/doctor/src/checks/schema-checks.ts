import type { Check } from '../engine/index.ts';
import { checkOf, count, eachOf, fail, pass } from './judge.ts';

/** The live schema against the migrations of this version and the snapshot taken after the last one. */
export const SCHEMA_CHECKS: readonly Check[] = [
  checkOf({
    id: 'schema.migrations',
    layer: 'schema',
    title: 'Every migration of this version is applied',
    from: 'schema.ledger',
    judge: ({ applied, pending, running }) => {
      if (running) return { outcome: 'unknown', detail: 'a migration is running at this moment' };
      if (pending.length === 0) return pass(`${count(applied, 'migration')} applied, none pending`);
      return fail(`${count(pending.length, 'migration')} not applied: ${pending.join(', ')}`);
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
    judge: ({ halfDone, running }) => {
      if (running) return { outcome: 'unknown', detail: 'a migration is running at this moment' };
      return eachOf(
        halfDone.map(name => `migration:${name}`),
        subject => `the migration ${subject.slice('migration:'.length)} stopped half-way`,
        'none has',
      );
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
    judge: ({ missingColumns }) =>
      eachOf(
        missingColumns.map(name => `column:${name}`),
        subject => `the column ${subject.slice('column:'.length)} is missing or has another type`,
        'all columns present',
      ),
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
];
