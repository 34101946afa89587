import type { ReadinessCheck } from '@holdfast/contract';
import { classifyError } from '../../problems/classify-error.ts';
import type { Services } from '../../services.ts';
import { findSchemaGaps } from './system-queries.ts';

const REASONS: Readonly<Record<string, string>> = {
  database_unavailable: 'The database does not accept connections from here.',
  database_timeout: 'The database does not answer in time.',
  pool_exhausted: 'All database connections are in use.',
  schema_mismatch: 'The database schema does not match this version; run the migrations.',
};

/** Everything that must be true before requests make sense here. Names no addresses and no credentials. */
export async function checkReadiness(services: Services): Promise<ReadinessCheck[]> {
  const lifecycle: ReadinessCheck = services.lifecycle.isDraining()
    ? { name: 'lifecycle', ok: false, reason: 'The server is shutting down.' }
    : { name: 'lifecycle', ok: true };
  const found = await databaseChecks(services);
  return [lifecycle, ...found, keyringCheck(services)];
}

async function databaseChecks({ pool }: Services): Promise<ReadinessCheck[]> {
  try {
    const gaps = await findSchemaGaps(pool);
    const reason = `Missing or out of reach: ${gaps.join(', ')}. holdfast migrate status says whether migrations are pending.`;
    const schema: ReadinessCheck =
      gaps.length === 0 ? { name: 'schema', ok: true } : { name: 'schema', ok: false, reason };
    return [{ name: 'database', ok: true }, schema];
  } catch (error) {
    const reason = REASONS[classifyError(error).code] ?? 'The database cannot be used.';
    return [
      { name: 'database', ok: false, reason },
      { name: 'schema', ok: false, reason: 'It cannot be looked at without the database.' },
    ];
  }
}

function keyringCheck({ keyRegistration }: Services): ReadinessCheck {
  if (keyRegistration.isDone()) return { name: 'keyring', ok: true };
  return { name: 'keyring', ok: false, reason: 'Its keys are not yet recorded in the database.' };
}
