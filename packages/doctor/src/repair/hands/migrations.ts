import { missingObjects } from '@holdfast/database/drift';
import { type Catalog, readCatalog, sql } from '@holdfast/postgres';
import type { Sightings } from '../../sightings.ts';
import type { Hand, HandContext } from '../hand.ts';
import { readTableFacts } from './table-facts.ts';

const LEDGER = 'holdfast_ledger.migrations';

/**
 * Applies what is pending, or goes on with what stopped half-way where the ledger can tell how. Where the schema is complete and only the
 * ledger has forgotten, its rows come back from a backup: applying again would fail.
 */
export const applyMigrations: Hand = async context => {
  if ('kind' in context.target) return { cannot: 'its migrations are those of another tool' };
  if (await hasForgotten(context)) return bringLedgerBack(context);
  return {
    risk: 'confirm',
    effect: 'schema',
    touches: [],
    undo: `holdfast rollback --to ${ledgerSeen(context)?.version ?? 'VERSION'}, which says first what data that would lose.`,
    steps: [
      { what: 'Apply the pending migrations', command: 'holdfast migrate', action: { kind: 'migrate' } },
    ],
  };
};

/** Whether the last snapshot of the schema is of a state that the ledger does not know, and everything in it is there. */
async function hasForgotten({ db: open }: HandContext): Promise<boolean> {
  const db = await open();
  const last = await db.maybeOne(sql<{ catalog: Catalog; schemas: readonly string[]; known: boolean }>`
    select s.catalog, s.schemas, exists (select from holdfast_ledger.migrations m where m.chain = s.chain) as known
    from holdfast_ledger.catalog_snapshots s order by s.id desc limit 1`);
  if (last === undefined || last.known) return false;
  const schemas = last.schemas.includes('*') ? 'all' : last.schemas;
  return missingObjects({ expected: last.catalog, live: await readCatalog(db, { schemas }) }).length === 0;
}

async function bringLedgerBack(context: HandContext): ReturnType<Hand> {
  const facts = await readTableFacts(await context.db(), LEDGER);
  const versions = pendingVersions(context);
  const backup = (await context.backups()).find(({ tables }) =>
    tables.some(({ schema, name, rows }) => `${schema}.${name}` === LEDGER && rows >= versions.length),
  );
  if (facts === undefined || backup === undefined)
    return {
      cannot:
        'the schema is complete, only the ledger lacks rows, and no backup that can be opened from here has them',
    };
  return {
    risk: 'confirm',
    effect: 'data',
    touches: [LEDGER],
    undo: 'Delete the rows from the ledger again.',
    steps: [
      {
        what: `The schema is complete: bring the rows of ${versions.join(', ')} back into the ledger, out of the backup ${backup.id}`,
        command: `insert into ${LEDGER} select * from the backup where version in (${versions.join(', ')});`,
        action: { kind: 'ledger', backup: backup.id, versions, columns: facts.columns },
      },
    ],
  };
}

/** Of the labels that the doctor shows, such as `0005_recovery`. */
function pendingVersions(context: HandContext): string[] {
  return (ledgerSeen(context)?.pending ?? []).map(label => label.split('_')[0] ?? label);
}

function ledgerSeen({ diagnosis }: HandContext): Sightings['schema.ledger'] | undefined {
  const seen = diagnosis.observations.find(({ id }) => id === 'schema.ledger');
  return seen === undefined || !('saw' in seen)
    ? undefined
    : (seen.saw as unknown as Sightings['schema.ledger']);
}
