import { chmod, stat } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import type { StepRole } from '../repair-plan.ts';
import { quoteName, quoteText, statement } from '../statement.ts';
import { copyLedger } from './copy-ledger.ts';
import { fillColumn } from './fill-column.ts';
import { continueProcess, startPart } from './processes.ts';
import { findRestore, restoreRows, undoRows } from './restore-rows.ts';
import { runAlone } from './run-alone.ts';
import { endSessions, runStatements, runTransaction, settleTransaction } from './run-transaction.ts';
import { seedRows, unseedRows } from './seed-rows.ts';
import { inSession, type StepOf, type StepWork } from './step-work.ts';

type Step = StepWork['repair']['steps'][number];

/** Carries a step out. @returns what it said. What it rejects with has not taken effect, but for an `alone` step. */
export async function runStep(work: StepWork, step: Step): Promise<string> {
  switch (step.action.kind) {
    case 'transaction':
      return inTransaction(work, step, step.action.as, step.action.statements, 'committing');
    case 'alone':
      await runAlone(work, step as StepOf<'alone'>, step.action.statements);
      return 'done';
    case 'rows':
      return restoreRows(work, step as StepOf<'rows'>);
    case 'column':
      return fillColumn(work, step as StepOf<'column'>);
    case 'ledger':
      return copyLedger(work, step as StepOf<'ledger'>);
    case 'continue':
      return continueProcess(work, step as StepOf<'continue'>);
    case 'start':
      return startPart(work, step as StepOf<'start'>);
    case 'file mode':
      return changeMode(step.action.path, step.action.mode);
    case 'seed':
      return seedRows(work, step as StepOf<'seed'>);
    case 'password':
      return setPassword(work, step.action.role);
    case 'migrate':
      return migrate(work);
    case 'epoch':
      return recordEpoch(work, step.action.restoredTo);
  }
}

/** Takes a step back that was carried out. @returns what it said */
export async function undoStep(work: StepWork, step: Step): Promise<string> {
  switch (step.action.kind) {
    case 'transaction':
      return step.action.undo === null
        ? 'nothing has to be taken back'
        : inTransaction(work, step, step.action.as, step.action.undo, 'undoing');
    case 'column':
      return inTransaction(work, step, 'owner', step.action.undo, 'undoing');
    case 'ledger':
      return inTransaction(work, step, 'owner', forgetting(step.action.versions), 'undoing');
    case 'alone':
      await runAlone(work, step as StepOf<'alone'>, step.action.undo);
      return 'taken back';
    case 'rows':
      return undoRows(work, step as StepOf<'rows'>);
    case 'seed':
      return unseedRows(work, step as StepOf<'seed'>);
    case 'file mode':
      return changeMode(step.action.path, step.action.before);
    case 'migrate':
      throw new HoldfastError(
        'repair_refused',
        'Migrations are not taken back by themselves, because that can lose data: holdfast rollback',
      );
    case 'epoch':
      throw new HoldfastError('repair_refused', 'Sessions that were ended stay ended');
    case 'continue':
    case 'start':
    case 'password':
      return 'nothing has to be taken back';
  }
}

/** What became of a step at which an earlier run was cut off. */
export async function settleStep(
  work: StepWork,
  step: Step,
): Promise<'done' | 'not done' | 'in part' | 'unknown'> {
  switch (step.action.kind) {
    case 'transaction':
    case 'ledger':
    case 'column': {
      const status = await settleTransaction(work, step);
      if (status === 'unknown') return 'unknown';
      return status === 'committed' ? 'done' : 'not done';
    }
    case 'alone':
      await endSessions(work);
      return 'in part';
    case 'rows': {
      await endSessions(work);
      const id = await findRestore(work);
      if (id === undefined) return 'not done';
      step.transaction = id;
      return 'done';
    }
    default:
      // finds out by itself what is done already
      return 'not done';
  }
}

async function inTransaction(
  work: StepWork,
  step: Step,
  as: StepRole,
  statements: readonly string[],
  committing: 'committing' | 'undoing',
): Promise<string> {
  await runTransaction(work, step, { as, committing, perform: tx => runStatements(tx, statements) });
  return committing === 'undoing' ? 'taken back' : 'committed';
}

function forgetting(versions: readonly string[]): string[] {
  return versions.map(
    version => `delete from holdfast_ledger.migrations where version = ${quoteText(version)}`,
  );
}

async function changeMode(path: string, mode: number): Promise<string> {
  await chmod(path, mode);
  const { mode: now } = await stat(path);
  return `mode ${(now & 0o777).toString(8)}`;
}

async function setPassword(work: StepWork, role: string): Promise<string> {
  const { app } = work.addresses;
  if (app === undefined)
    throw new HoldfastError('repair_refused', 'The URL that holds the password is not known');
  const password = decodeURIComponent(new URL(app).password);
  await inSession(work, 'administrator', connection =>
    connection.query(statement(`alter role ${quoteName(role)} password ${quoteText(password)}`)),
  );
  return 'set';
}

async function recordEpoch({ tools }: StepWork, restoredTo: string): Promise<string> {
  if (tools.recordRestore === undefined)
    throw new HoldfastError('repair_refused', 'The revocation journal cannot be read from here');
  return tools.recordRestore(new Date(restoredTo));
}

function migrate(work: StepWork): Promise<string> {
  return inSession(work, 'owner', async connection => {
    const { applied } = await migrateUp({
      connection,
      migrations: await readMigrations(work.migrations ?? migrationsDirectory()),
      appVersion: work.tools.version ?? 'unknown',
      clock: work.clock,
    });
    return applied.length === 0
      ? 'nothing was pending'
      : `applied ${applied.map(({ version, name }) => `${version}_${name}`).join(', ')}`;
  });
}
