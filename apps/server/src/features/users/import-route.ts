import { type ImportedAccount, importAccounts, userHasPermission } from '@holdfast/auth';
import { type ImportError, ImportRecord, type ImportResult, operations } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '../../operations/actor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import { validationItems } from '../../problems/validation-failed.ts';
import type { Services } from '../../services.ts';
import { GRANT_PERMISSION, givesRoles } from './granting.ts';
import {
  createCsvImportReader,
  createNdjsonReader,
  type ImportInput,
  type ImportReader,
} from './import-reader.ts';

/** An input that is wrong from end to end is not answered with a message for each of its lines. */
const MAX_ERRORS = 1_000;

const COLUMNS: ReadonlySet<string> = new Set(Object.keys(ImportRecord.properties));

export function importRoutes(services: Services): Implementation[] {
  return [
    implement(operations.importUsers, async ({ body, auth, request }) => {
      if (body === undefined) {
        throw new HoldfastError('unsupported_media_type', 'Send application/x-ndjson or text/csv.');
      }
      const csv = request.headers['content-type']?.trimStart().toLowerCase().startsWith('text/csv') === true;
      const reader = csv ? createCsvImportReader(COLUMNS) : createNdjsonReader();
      const tally = createTally();
      const mayGrant = await userHasPermission(services.pool, auth.userId, GRANT_PERMISSION);
      const accounts = await readAccounts(body, reader, checkerOf(request, mayGrant), tally);
      const { imported, problems } = await importAccounts(services, actorOf(request), accounts);
      tally.imported = imported;
      for (const problem of problems) tally.fail(problem);
      return tally.result();
    }),
  ];
}

type Checker = (input: ImportInput) => ImportedAccount | ImportError;

/**
 * Reads the whole input before anything is imported, so that an upload that breaks off or is too large changes nothing,
 * and a slow import does not make the upload time out. The text itself is not kept.
 */
async function readAccounts(
  body: NodeJS.ReadableStream,
  reader: ImportReader,
  check: Checker,
  tally: Tally,
): Promise<ImportedAccount[]> {
  const accounts: ImportedAccount[] = [];
  const decoder = new TextDecoder();
  const take = (inputs: readonly ImportInput[]): void => {
    for (const checked of inputs.map(check)) {
      if ('code' in checked) tally.fail(checked);
      else accounts.push(checked);
    }
  };
  for await (const chunk of body) take(reader.push(decoder.decode(chunk as Buffer, { stream: true })));
  take(reader.push(decoder.decode()));
  take(reader.end());
  return accounts;
}

/** Checks records against the schema with the same compiler as bodies. */
function checkerOf(request: FastifyRequest, mayGrant: boolean): Checker {
  const matches = request.compileValidationSchema(ImportRecord);
  return input => {
    const { line } = input;
    if (input.kind === 'unreadable') return { line, code: input.code, message: input.message };
    if (matches(input.value)) {
      const record = input.value as ImportRecord;
      return givesRoles(record.roles) && !mayGrant ? { ...NOT_GRANTED, line } : { ...record, line };
    }
    const [item] = validationItems(matches.errors ?? [], '');
    const field = item?.path.split('/')[1];
    const message = `${field ?? 'The record'} ${item?.message ?? 'is not acceptable'}.`;
    return { line, code: 'validation_failed', message, ...(field === undefined ? {} : { field }) };
  };
}

const NOT_GRANTED = {
  code: 'permission_denied',
  message: `Giving roles takes the permission ${GRANT_PERMISSION}, which you do not have.`,
  field: 'roles',
} as const;

interface Tally {
  imported: number;
  fail(error: ImportError): void;
  result(): ImportResult;
}

function createTally(): Tally {
  const errors: ImportError[] = [];
  let failed = 0;
  const tally: Tally = {
    imported: 0,
    fail: error => {
      failed += 1;
      if (errors.length < 2 * MAX_ERRORS) errors.push(error);
    },
    result: () => ({
      imported: tally.imported,
      failed,
      errors: errors.toSorted((a, b) => a.line - b.line).slice(0, MAX_ERRORS),
    }),
  };
  return tally;
}
