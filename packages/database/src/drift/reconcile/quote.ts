import type { CatalogKey } from '@holdfast/postgres';

/** A name as an identifier, always quoted: a keyword of the next PostgreSQL does no harm. */
export function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** A qualified name out of its parts. */
export function quotePath(names: readonly string[]): string {
  return names.map(quoteName).join('.');
}

/** The table or view that a key lies in or stands for: `['column', 'app', 'people', 'id']` → `app.people`. */
export function relationOf(path: CatalogKey): string {
  return quotePath(path.slice(1, 3));
}

/** Text as a literal. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** A role, where PUBLIC stands for everybody. */
export function quoteRole(role: string): string {
  return role === 'PUBLIC' ? 'public' : quoteName(role);
}

/** PostgreSQL 18's keywords that cannot be a name, or not everywhere (manual, appendix C). */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
  char character check coalesce collate collation column concurrently constraint create cross current_catalog
  current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable
  desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group
  grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
  json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value
  lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not
  notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary
  real references returning right row select session_user setof similar smallint some substring symmetric
  system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar
  variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse
  xmlpi xmlroot xmlserialize xmltable`.split(/\s+/),
);
