import { API_INJECTIONS } from './injections/api-injections.ts';
import { DATABASE_INJECTIONS } from './injections/database-injections.ts';
import { GUARD_INJECTIONS } from './injections/guard-injections.ts';
import { PROCESS_INJECTIONS } from './injections/process-injections.ts';
import { ROLE_INJECTIONS } from './injections/role-injections.ts';
import { SCHEMA_INJECTIONS } from './injections/schema-injections.ts';
import type { ShopInjection } from './injections/shop-injection.ts';

/** Every way to break the shop that a doctor of another system has to name, by the name of its kind. */
export const SHOP_INJECTIONS: Readonly<Record<string, ShopInjection>> = {
  ...PROCESS_INJECTIONS,
  ...DATABASE_INJECTIONS,
  ...ROLE_INJECTIONS,
  ...SCHEMA_INJECTIONS,
  ...GUARD_INJECTIONS,
  ...API_INJECTIONS,
};
