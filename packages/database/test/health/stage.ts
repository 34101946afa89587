import type { TestContext } from 'node:test';
import type { Connection } from '@holdfast/postgres';
import { emptyDatabase, type TestDatabase } from '@holdfast/testing';
import type { HealthEntry, HealthReading, Thresholds } from '../../src/health/entry.ts';
import { type ContextOptions, healthContext, open, read } from './health-context.ts';

/** A database of its own with a schema, seen by its superuser. */
export interface Stage {
  readonly database: TestDatabase;
  readonly db: Connection;
  look(entry: HealthEntry, options?: ContextOptions, thresholds?: Thresholds): Promise<HealthReading>;
}

export async function createStage(t: TestContext, script: string): Promise<Stage> {
  const database = await emptyDatabase(t);
  const db = await open(t, database.superuserUrl);
  await db.script(script);
  return {
    database,
    db,
    look: async (entry, options, thresholds) =>
      read(await healthContext(db, database.superuserUrl, options), entry, thresholds),
  };
}
