import { type ImportedAccount, importAccounts, userHasPermission } from '@holdfast/auth';
import { type ImportError, ImportRecord, type ImportResult, operations } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '../../operations/actor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import { validationItems } from '../../problems/validation-failed.ts';
import type { Services } from '../../services.ts';
import { GRANT_PERMISSION, givesRoles } from './granting.ts';
import { type RecordValidator, readImport } from './read-import.ts';

/** An input that is wrong from end to end is not answered with a message for each of its lines. */
const MAX_ERRORS = 1_000;

export function importRoutes(services: Services): Implementation[] {
  return [
    implement(operations.importUsers, async ({ body, auth, request }) => {
      if (body === undefined) {
        throw new HoldfastError('unsupported_media_type', 'Send application/x-ndjson or text/csv.');
      }
      const csv = request.headers['content-type']?.trimStart().toLowerCase().startsWith('text/csv') === true;
      const tally = createTally();
      const mayGrant = await userHasPermission(services.pool, auth.userId, GRANT_PERMISSION);
      const records = readImport(body as AsyncIterable<Buffer>, csv ? 'csv' : 'ndjson', validatorOf(request));
      const accounts = await gatherAccounts(records, mayGrant, tally);
      const { imported, problems } = await importAccounts(services, actorOf(request), accounts);
      tally.imported = imported;
      for (const problem of problems) tally.fail(problem);
      return tally.result();
    }),
  ];
}

/**
 * Reads the whole input before anything is imported, so that an upload that breaks off or is too large changes nothing,
 * and a slow import does not make the upload time out. The text itself is not kept.
 */
async function gatherAccounts(
  records: AsyncIterable<ImportedAccount | ImportError>,
  mayGrant: boolean,
  tally: Tally,
): Promise<ImportedAccount[]> {
  const accounts: ImportedAccount[] = [];
  for await (const record of records) {
    if ('code' in record) tally.fail(record);
    else if (givesRoles(record.roles) && !mayGrant) tally.fail({ ...NOT_GRANTED, line: record.line });
    else accounts.push(record);
  }
  return accounts;
}

/** The same compiler as for bodies. */
function validatorOf(request: FastifyRequest): RecordValidator {
  const matches = request.compileValidationSchema(ImportRecord);
  return value => (matches(value) ? [] : validationItems(matches.errors ?? [], ''));
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
