import { type SqlQuery, sql } from '../sql.ts';
import type { Catalog } from './catalog.ts';
import {
  database,
  defaultPrivileges,
  eventTriggers,
  extensions,
  publications,
  schemaDetails,
  serverSettings,
  settings,
} from './database-queries.ts';
import { dependencies } from './dependency-queries.ts';
import { collations, functions, sequences, types, views } from './object-queries.ts';
import { constraints, indexes, policies, rules, statistics, tables, triggers } from './table-queries.ts';

const serverVersion = sql`select pg_catalog.current_setting('server_version_num')::pg_catalog.int4`;

const schemas = sql`
  select coalesce(pg_catalog.json_agg(n.nspname order by n.nspname collate "C"), '[]')
  from pg_catalog.pg_namespace n
  where n.nspname = any (wanted.names)`;

/**
 * One subquery for each part of a catalog, each giving one JSON value. `wanted.names` are the schemas asked for. Every
 * name is qualified, since the caller's search path may hold anything.
 */
export const catalogParts: Readonly<Record<keyof Catalog, SqlQuery>> = {
  serverVersion,
  schemas,
  schemaDetails,
  tables,
  indexes,
  constraints,
  triggers,
  policies,
  rules,
  statistics,
  sequences,
  functions,
  views,
  types,
  collations,
  extensions,
  eventTriggers,
  publications,
  defaultPrivileges,
  settings,
  database,
  serverSettings,
  dependencies,
};
