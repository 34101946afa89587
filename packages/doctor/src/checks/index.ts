import { DEPENDENCY_CHECKS } from '../dependencies/index.ts';
import type { Check } from '../engine/index.ts';
import { API_CHECKS } from './api-checks.ts';
import { AUTH_CHECKS } from './auth-checks.ts';
import { CONFIG_CHECKS } from './config-checks.ts';
import { CONFORMANCE_CHECKS } from './conformance-checks.ts';
import { DATA_CHECKS } from './data-checks.ts';
import { DATABASE_CHECKS } from './database-checks.ts';
import { FRONTEND_CHECKS } from './frontend-checks.ts';
import { HEALTH_CHECKS } from './health-checks.ts';
import { LOG_CHECKS } from './log-checks.ts';
import { PROCESS_CHECKS } from './process-checks.ts';
import { REACH_CHECKS } from './reach-checks.ts';
import { REPAIR_CHECKS } from './repair-checks.ts';
import { ROLE_CHECKS } from './role-checks.ts';
import { SCHEMA_CHECKS } from './schema-checks.ts';

/** Every check of the doctor. */
export const CHECKS: readonly Check[] = [
  ...CONFIG_CHECKS,
  ...PROCESS_CHECKS,
  ...DATABASE_CHECKS,
  ...ROLE_CHECKS,
  ...SCHEMA_CHECKS,
  ...DATA_CHECKS,
  ...HEALTH_CHECKS,
  ...AUTH_CHECKS,
  ...API_CHECKS,
  ...LOG_CHECKS,
  ...FRONTEND_CHECKS,
  ...REACH_CHECKS,
  ...DEPENDENCY_CHECKS,
  ...CONFORMANCE_CHECKS,
  ...REPAIR_CHECKS,
];
