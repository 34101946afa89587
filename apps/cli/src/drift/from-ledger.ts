import { HoldfastError } from '@holdfast/core';
import type { LedgerMemory } from '@holdfast/database/drift';
import type { ExpectedCatalog } from './expected-catalog.ts';

const OTHERWISE =
  'compare with the migrations (--migrations DIR), a file (--snapshot) or another database (--against)';

/** What the ledger says the schema should be. @throws `drift_unknown` when it does not know, and why */
export function fromLedger(memory: LedgerMemory): ExpectedCatalog {
  if (memory.state === 'stored') {
    const { snapshot, version, notes } = memory;
    const about =
      notes.length === 0 ? [] : [`The snapshot was stored when ${version} was the last migration.`];
    return { ...snapshot, description: 'the snapshot in the ledger', notes: [...about, ...notes] };
  }
  const message = `${reason(memory)} There is no snapshot in its ledger: ${OTHERWISE}`;
  throw new HoldfastError('drift_unknown', message, { details: { ledger: memory } });
}

function reason(memory: Exclude<LedgerMemory, { readonly state: 'stored' }>): string {
  switch (memory.state) {
    case 'no_ledger':
      return 'The database was never migrated by Holdfast.';
    case 'nothing_applied':
      return `No migration is applied to the database. ${nothingBecause(memory)}`;
    case 'not_stored': {
      const { applied, notes } = memory;
      const done = applied.length === 0 ? '' : ` after it had applied ${applied.join(', ')}`;
      return `The last run was interrupted${done}, before it stored what the schema looked like. ${[...notes, 'The next migrate up stores it.'].join(' ')}`;
    }
  }
}

function nothingBecause({
  seeded,
  notes,
}: Extract<LedgerMemory, { readonly state: 'nothing_applied' }>): string {
  if (notes.length > 0) return notes.join(' ');
  return seeded
    ? 'It was only seeded.'
    : 'A run was stopped before it had applied any, or all were rolled back.';
}
