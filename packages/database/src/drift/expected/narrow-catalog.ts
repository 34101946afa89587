import type { Catalog, CatalogDependency, CatalogKey } from '@holdfast/postgres';

/** What lies in no schema; the second part of every other key is the schema, or the name of one. */
const OUTSIDE = new Set(['extension', 'publication', 'event trigger']);

/**
 * A stored catalog as `readCatalog` would have read it for these schemas alone. What lies in no schema stays, settings of roles
 * among it.
 */
export function narrowCatalog(catalog: Catalog, schemas: readonly string[] | 'all'): Catalog {
  if (schemas === 'all') return catalog;
  const named = ({ name }: { readonly name: string }): boolean => schemas.includes(name);
  const inside = ({ schema }: { readonly schema: string }): boolean => schemas.includes(schema);
  const { schemaDetails, policies, rules, statistics, collations, defaultPrivileges, dependencies } = catalog;
  return {
    ...catalog,
    schemas: catalog.schemas.filter(name => schemas.includes(name)),
    tables: catalog.tables.filter(inside),
    indexes: catalog.indexes.filter(inside),
    constraints: catalog.constraints.filter(inside),
    triggers: catalog.triggers.filter(inside),
    sequences: catalog.sequences.filter(inside),
    functions: catalog.functions.filter(inside),
    views: catalog.views.filter(inside),
    types: catalog.types.filter(inside),
    // an old catalog lacks some of these, and is compared without them
    ...(schemaDetails && { schemaDetails: schemaDetails.filter(named) }),
    ...(policies && { policies: policies.filter(inside) }),
    ...(rules && { rules: rules.filter(inside) }),
    ...(statistics && { statistics: statistics.filter(inside) }),
    ...(collations && { collations: collations.filter(inside) }),
    ...(defaultPrivileges && {
      defaultPrivileges: defaultPrivileges.filter(
        ({ schema }) => schema === null || schemas.includes(schema),
      ),
    }),
    ...(dependencies && { dependencies: narrowDependencies(dependencies, schemas) }),
  };
}

function narrowDependencies(
  dependencies: readonly CatalogDependency[],
  schemas: readonly string[],
): CatalogDependency[] {
  const known = ([kind, first = '']: CatalogKey): boolean => OUTSIDE.has(kind) || schemas.includes(first);
  return dependencies
    .filter(({ object }) => known(object))
    .map(({ object, needs }) => ({ object, needs: needs.filter(known) }))
    .filter(({ needs }) => needs.length > 0);
}
