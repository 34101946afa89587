import type { Catalog } from '@holdfast/postgres';
import type { Difference } from '../../../drift/diff/difference.ts';
import { displayName, type ObjectType } from '../../../drift/objects/schema-object.ts';
import { driftEntry, type Weight } from './drift-entry.ts';

/** Rights and row security have entries of their own. */
const ELSEWHERE = new Set(['owner', 'privileges', 'row level security', 'force row level security']);

function isOf(...types: readonly ObjectType[]): (difference: Difference) => boolean {
  return ({ type, property }) => types.includes(type) && (property === null || !ELSEWHERE.has(property));
}

/** What is gone, or called otherwise, is missed by somebody; what was added is not. */
const missingIsCritical = ({ kind, property }: Difference): Weight =>
  kind === 'missing' || property === 'name' ? 'critical' : 'warn';

export const tableDrift = driftEntry({
  number: 43,
  id: 'table-drift',
  title: 'Tables as expected',
  meaning:
    'A table or sequence is gone, was added by hand, or is of another kind than the migrations make it: the next migration, or the next restore, meets a database it does not know.',
  noun: 'table or sequence',
  plural: 'tables or sequences',
  concerns: isOf('table', 'sequence', 'schema', 'publication'),
  weigh: missingIsCritical,
});

export const columnDrift = driftEntry({
  number: 44,
  id: 'column-drift',
  title: 'Columns, types and defaults as expected',
  meaning:
    'Statements name a column that is not there, or write values that its type or default treats otherwise than in the tests.',
  noun: 'column or type',
  plural: 'columns or types',
  concerns: isOf('column', 'type', 'collation'),
  weigh: difference => (difference.property === 'type' ? 'critical' : missingIsCritical(difference)),
});

export const indexDrift = driftEntry({
  number: 45,
  id: 'index-drift',
  title: 'Indexes as expected',
  meaning:
    'An index that queries were made for is gone or is another one; a missing unique index lets duplicates in.',
  noun: 'index',
  plural: 'indexes',
  concerns: isOf('index', 'statistics'),
  weigh: weighIndex,
});

export const constraintDrift = driftEntry({
  number: 46,
  id: 'constraint-drift',
  title: 'Constraints as expected',
  meaning: 'What the constraint would have refused may be in the table by now.',
  noun: 'constraint',
  concerns: isOf('constraint'),
  weigh: ({ kind, property }) => (kind === 'unexpected' || property === 'name' ? 'warn' : 'critical'),
});

export const codeDrift = driftEntry({
  number: 47,
  id: 'code-drift',
  title: 'Triggers, functions and views as expected',
  meaning: 'The database computes or keeps something otherwise than the migrations say.',
  noun: 'trigger, function or view',
  plural: 'triggers, functions or views',
  concerns: isOf('trigger', 'function', 'view', 'materialized view', 'rule', 'event trigger'),
  weigh: missingIsCritical,
});

/** One that kept duplicates out, and does not any more. */
function weighIndex({ kind, type, name, property }: Difference, { indexes }: Catalog): Weight {
  if (type !== 'index' || kind === 'unexpected' || property === 'name') return 'warn';
  const expected = indexes.find(index => displayName([index.schema, index.name]) === name);
  return expected?.unique === true ? 'critical' : 'warn';
}
