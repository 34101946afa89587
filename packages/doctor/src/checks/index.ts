import type { Check } from '../engine/index.ts';
import { API_CHECKS } from './api-checks.ts';
import { AUTH_CHECKS } from './auth-checks.ts';
import { CONFIG_CHECKS } from './config-checks.ts';
import { DATA_CHECKS } from './data-checks.ts';
import { DATABASE_CHECKS } from './database-checks.ts';
import { PROCESS_CHECKS } from './process-checks.ts';
import { SCHEMA_CHECKS } from './schema-checks.ts';

/** Every check of the doctor. */
export const CHECKS: readonly Check[] = [
  ...CONFIG_CHECKS,
  ...PROCESS_CHECKS,
  ...DATABASE_CHECKS,
  ...SCHEMA_CHECKS,
  ...DATA_CHECKS,
  ...AUTH_CHECKS,
  ...API_CHECKS,
];
