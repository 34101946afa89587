import { DEPENDENCY_FAULTS } from '../dependencies/index.ts';
import type { Fault } from '../engine/index.ts';
import { ACTIVITY_FAULTS } from './activity-faults.ts';
import { CONFIG_FAULTS } from './config-faults.ts';
import { CONFORMANCE_FAULTS } from './conformance-faults.ts';
import { DATA_FAULTS } from './data-faults.ts';
import { DATABASE_FAULTS } from './database-faults.ts';
import { FRONTEND_FAULTS } from './frontend-faults.ts';
import { toldOfOther } from './other-faults.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { REACH_FAULTS } from './reach-faults.ts';
import { REPAIR_FAULTS } from './repair-faults.ts';
import { ROLE_FAULTS } from './role-faults.ts';
import { SCHEMA_FAULTS } from './schema-faults.ts';

/** Every fault the doctor can name. */
export const CODEBOOK: readonly Fault[] = [
  ...CONFIG_FAULTS,
  ...PROCESS_FAULTS,
  ...DATABASE_FAULTS,
  ...ROLE_FAULTS,
  ...ACTIVITY_FAULTS,
  ...SCHEMA_FAULTS,
  ...DATA_FAULTS,
  ...FRONTEND_FAULTS,
  ...REACH_FAULTS,
  ...DEPENDENCY_FAULTS,
  ...CONFORMANCE_FAULTS,
  ...REPAIR_FAULTS,
];

/** What only a Holdfast has: a keeper, a keyring, settings and tables of its own. */
const HOLDFAST_ONLY: ReadonlySet<string> = new Set(
  [...CONFIG_FAULTS, ...PROCESS_FAULTS, ...DEPENDENCY_FAULTS]
    .map(({ code }) => code)
    .filter(code => code !== 'database_unreachable' && code !== 'clock_skew'),
);

/** Checks of the embedded PostgreSQL, the ledger and the rows of a Holdfast, which apply to no other system. */
const HOLDFAST_CHECKS: ReadonlySet<string> = new Set([
  'schema.migrations',
  'schema.version',
  'schema.complete@$',
  'schema.ledger',
  'database.files',
  'data.revocations',
  'data.ended_sessions',
  'data.emptied@$',
  'data.session_families',
  'data.grants',
  'data.permissions@$',
  'data.roles@$',
]);

/** The faults that a system of another make can have, and what helps there. */
export const OTHER_CODEBOOK: readonly Fault[] = CODEBOOK.filter(
  ({ code, mustFail }) => !HOLDFAST_ONLY.has(code) && !mustFail.some(check => HOLDFAST_CHECKS.has(check)),
).map(toldOfOther);
