/** The dry run: what pending migrations lock, rewrite and read on this very database. */
export type {
  MigrationPlan,
  PlannedLock,
  PlannedMigrationFile,
  PlannedOutcome,
  PlannedStatement,
  PlannedTable,
} from './plan.ts';
export { type PlanOptions, planMigrations } from './plan-migrations.ts';
