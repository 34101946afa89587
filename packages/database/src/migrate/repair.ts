import { HoldfastError } from '@holdfast/core';
import type { Transaction } from '@holdfast/postgres';
import type { ScratchOptions } from '../scratch/scratch-place.ts';
import { forgetSnapshots, storeSnapshotOf } from './catalog-snapshot.ts';
import { compareLedger } from './compare-ledger.ts';
import { ensureDecisions, insertDecision } from './decision-queries.ts';
import { CHAIN_START, chainHash } from './hash-chain.ts';
import {
  deleteLedgerRow,
  listLedger,
  updateChain,
  updateChecksum,
  updateMarkedApplied,
} from './ledger-queries.ts';
import type { LedgerRow } from './ledger-row.ts';
import { readLedger } from './ledger-schema.ts';
import { compareVersions, type Migration } from './migration.ts';
import { refuseOtherMeaning } from './refuse-other-meaning.ts';
import { planRepair, type RepairChoice } from './repair-plan.ts';
import { createRunContext, type RunContext, type RunOptions, writeLedger } from './run-context.ts';
import { refuseUnknownSchemas } from './unknown-schemas.ts';
import { withMigrationLock } from './with-migration-lock.ts';

/** A repair that changes the ledger alone; `resume` goes through migrateUp and migrateDown. */
export type LedgerRepair = Exclude<RepairChoice, { readonly action: 'resume' }>;

export interface RepairOptions extends RunOptions {
  readonly migrations: readonly Migration[];
  readonly repair: LedgerRepair;
  /** Why, for whoever reads the ledger later. */
  readonly reason: string;
  /** Where an edited file is built to be compared; undefined when the operator vouches for it instead. */
  readonly scratch?: ScratchOptions;
}

export interface Repair extends LedgerRepair {
  readonly reason: string;
  /** Whether the edited files were shown to build the same schema. */
  readonly compared: boolean;
}

/**
 * Carries out one repair that planRepair offers, with a record of who decided it and why; the chain hashes after it are renewed.
 * One transaction.
 * @throws `usage` when it is not offered; `repair_refused` when an edited file builds another schema; `scratch_unavailable`
 */
export async function repairLedger(options: RepairOptions): Promise<Repair> {
  const { repair, reason } = options;
  if (reason.trim() === '')
    throw new HoldfastError('usage', 'A repair needs a reason: it is kept in the ledger');
  const context = await createRunContext(options);
  return withMigrationLock(context, async () => {
    const rows = await readLedger(context.connection);
    const row = offered(rows, options);
    await refuseUnknownSchemas(context, options.migrations);
    const compared = repair.action === 'accept' && (await compare(context, options, rows));
    await ensureDecisions(context.connection);
    await carryOut(context, options, row);
    if (repair.action === 'mark_applied') {
      const file =
        options.migrations.find(({ version }) => version === repair.version)?.file ?? repair.version;
      const state = 'which is marked as applied and committed';
      await storeSnapshotOf(context, { file, state, next: 'migrate up' });
    }
    return { ...repair, reason, compared };
  });
}

function offered(rows: readonly LedgerRow[], { repair, migrations }: RepairOptions): LedgerRow {
  const cases = planRepair(compareLedger(migrations, rows), migrations);
  const choices = cases.flatMap(({ choices: list }) => list);
  const fits = (choice: RepairChoice): boolean =>
    choice.action === repair.action && compareVersions(choice.version, repair.version) === 0;
  const row = rows.find(({ version }) => compareVersions(version, repair.version) === 0);
  if (row !== undefined && choices.some(fits)) return row;
  const what = repair.action.replace('_', ' ');
  throw new HoldfastError(
    'usage',
    `There is nothing to ${what} at version ${repair.version}. Nothing was changed`,
  );
}

async function compare(
  context: RunContext,
  { migrations, scratch, repair: { version } }: RepairOptions,
  rows: readonly LedgerRow[],
): Promise<boolean> {
  if (scratch === undefined) return false;
  await refuseOtherMeaning(context, { version, migrations, rows, scratch });
  return true;
}

async function carryOut(
  context: RunContext,
  { repair, migrations, reason }: RepairOptions,
  row: LedgerRow,
): Promise<void> {
  const migration = migrations.find(({ version }) => compareVersions(version, repair.version) === 0);
  const after = migration?.checksum ?? null;
  await writeLedger(context, async tx => {
    await change(tx, repair, row, migration);
    await renewChain(tx);
    await insertDecision(tx, {
      version: row.version,
      action: repair.action === 'accept' ? 'accept_edit' : repair.action,
      reason,
      checksumBefore: row.checksum,
      checksumAfter: repair.action === 'accept' || repair.action === 'mark_applied' ? after : null,
      toolVersion: context.appVersion,
    });
  });
}

async function change(
  tx: Transaction,
  { action }: LedgerRepair,
  row: LedgerRow,
  migration: Migration | undefined,
): Promise<void> {
  if (action === 'forget' || action === 'mark_pending') {
    await deleteLedgerRow(tx, row.version);
    if (row.chain !== null) await forgetSnapshots(tx, row.chain);
  } else if (migration === undefined) {
    throw new HoldfastError('internal', `${row.version} was offered ${action} without a file`);
  } else if (action === 'accept') {
    await updateChecksum(tx, row.version, migration);
  } else {
    // any text will do: renewChain writes the one that fits
    await updateMarkedApplied(tx, row.version, { ...migration, chain: row.chain ?? CHAIN_START });
  }
}

/** Each chain hash follows from the rows before it; a snapshot goes with the state it was taken of. */
async function renewChain(tx: Transaction): Promise<void> {
  let previous = CHAIN_START;
  for (const { version, checksum, chain } of await listLedger(tx)) {
    if (chain === null) continue;
    const renewed = chainHash(previous, version, checksum);
    if (renewed !== chain) await updateChain(tx, version, chain, renewed);
    previous = renewed;
  }
}
