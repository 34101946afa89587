import { type Clock, HoldfastError } from '@holdfast/core';
import { type Connection, connect } from '@holdfast/postgres';
import type { Addresses } from '../addresses.ts';
import type { JournaledRepair, JournaledStep } from '../repair-journal.ts';
import type { RepairTools } from '../repair-options.ts';
import type { StepAction, StepRole } from '../repair-plan.ts';

/** What every step works with. */
export interface StepWork {
  readonly addresses: Addresses;
  readonly tools: RepairTools;
  /** The directory of the migrations; those of this version without one. */
  readonly migrations?: string | undefined;
  readonly repair: JournaledRepair;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Writes the journal; resolves when it is on the disk. */
  readonly save: () => Promise<void>;
  readonly onProgress: (what: string) => void;
}

/** A step of one kind, as the journal has it. */
export type StepOf<K extends StepAction['kind']> = JournaledStep & {
  readonly action: Extract<StepAction, { readonly kind: K }>;
};

/** By which a session of a cut-off run is known for ours. PostgreSQL cuts names at 63 bytes. */
export function applicationName({ id }: JournaledRepair): string {
  return `holdfast-repair ${id}`.slice(0, 63);
}

/** Runs work on a session of its own, which is closed afterwards. */
export async function inSession<T>(
  { addresses, repair }: Pick<StepWork, 'addresses' | 'repair'>,
  as: StepRole,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const url = addresses[as];
  if (url === undefined) {
    throw new HoldfastError(
      'database_unavailable',
      'No URL is known of a role that may repair the database: set HOLDFAST_OWNER_DATABASE_URL, or database.ownerUrl in holdfast.config.ts',
    );
  }
  const connection = await connect({ url, applicationName: applicationName(repair) });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** The name of the database in a URL; empty without one. */
export function databaseOf(url: string | undefined): string {
  return url === undefined ? '' : decodeURIComponent(new URL(url).pathname.slice(1));
}
