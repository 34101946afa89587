import type { Fault } from '../engine/index.ts';
import { CONFIG_FAULTS } from './config-faults.ts';
import { DATA_FAULTS } from './data-faults.ts';
import { DATABASE_FAULTS } from './database-faults.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { SCHEMA_FAULTS } from './schema-faults.ts';

/** Every fault the doctor can name. */
export const CODEBOOK: readonly Fault[] = [
  ...CONFIG_FAULTS,
  ...PROCESS_FAULTS,
  ...DATABASE_FAULTS,
  ...SCHEMA_FAULTS,
  ...DATA_FAULTS,
];
