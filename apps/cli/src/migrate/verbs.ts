import { runBaseline } from './baseline.ts';
import { runDown } from './down.ts';
import { LINT_OPTIONS, runMigrateLint } from './lint.ts';
import { runNew } from './new.ts';
import {
  BASELINE_OPTIONS,
  type MigrateVerb,
  PLAN_OPTIONS,
  PROJECT_OPTIONS,
  REPAIR_OPTIONS,
  ROLLBACK_OPTIONS,
  SCRATCH_OPTIONS,
} from './options.ts';
import { runMigratePlan } from './plan.ts';
import { projectDirectory } from './project.ts';
import { runRepair } from './repair.ts';
import { runStatus } from './status.ts';
import { runUp } from './up.ts';
import { runVerify } from './verify.ts';

/** A verb and the tables of options it takes. */
function verb(run: MigrateVerb['run'], maxArguments: number, ...tables: readonly object[]): MigrateVerb {
  const takes = [PROJECT_OPTIONS, ...tables].flatMap(table => Object.keys(table));
  return { run, maxArguments, takes };
}

/** The verbs of `holdfast migrate`, in the order of its help. */
export const MIGRATE_VERBS: Readonly<Record<string, MigrateVerb>> = {
  up: verb(runUp, 0, { to: true }),
  down: verb(runDown, 0, ROLLBACK_OPTIONS, { down: true }),
  status: verb(runStatus, 0),
  plan: verb(runMigratePlan, 0, PLAN_OPTIONS),
  lint: verb(
    (context, args) => runMigrateLint({ ...context, positionals: args }, projectDirectory(context)),
    Number.POSITIVE_INFINITY,
    LINT_OPTIONS,
  ),
  verify: verb(runVerify, 0, { 'scratch-url': true }),
  baseline: verb(runBaseline, 1, SCRATCH_OPTIONS, BASELINE_OPTIONS),
  repair: verb(runRepair, 0, SCRATCH_OPTIONS, REPAIR_OPTIONS),
  new: verb(runNew, 1),
};
