import type { Catalog, CatalogFunction, CatalogSequence, CatalogType, CatalogView } from '@holdfast/postgres';
import { accessRights } from './access-rights.ts';
import { functionBody } from './definitions.ts';
import { displayName, type PropertyValue, type SchemaObject, schemaObject } from './schema-object.ts';

/** Everything in a schema that is no table. */
export function otherObjects(catalog: Catalog): SchemaObject[] {
  return [
    ...schemaObjects(catalog),
    ...catalog.types.map(typeObject),
    ...catalog.sequences.map(sequenceObject),
    ...catalog.functions.map(functionObject),
    ...catalog.views.map(viewObject),
    ...collationObjects(catalog),
  ];
}

function schemaObjects({ schemas, schemaDetails }: Catalog): SchemaObject[] {
  return schemas.map(name => {
    const details = schemaDetails?.find(item => item.name === name);
    return schemaObject({
      type: 'schema',
      path: [name],
      properties: {
        owner: details?.owner,
        privileges: accessRights(details?.acl),
        comment: details?.comment,
      },
    });
  });
}

function typeObject({ schema, name, kind, definition, ...type }: CatalogType): SchemaObject {
  const { domain } = type;
  const known = type.owner !== undefined;
  return schemaObject({
    type: 'type',
    path: [schema, name],
    within: [['schema', schema]],
    properties: {
      kind,
      ...(known && kind === 'enum' ? { labels: type.labels } : {}),
      ...(known && kind === 'composite' ? { fields: type.fields?.map(field => ({ ...field })) } : {}),
      ...(known && domain
        ? {
            'base type': domain.base,
            collation: domain.collation,
            default: domain.default,
            'not null': domain.notNull,
            constraints: domain.constraints.map(constraint => ({ ...constraint })),
          }
        : {}),
      ...(known && kind !== 'range' ? {} : { definition }),
      owner: type.owner,
      privileges: accessRights(type.acl, 'type'),
      comment: type.comment,
    },
  });
}

/** The owner of a sequence that belongs to a column follows the table. */
function sequenceObject(sequence: CatalogSequence): SchemaObject {
  const { schema, name, ownerColumn } = sequence;
  return schemaObject({
    type: 'sequence',
    path: [schema, name],
    within: [['schema', schema], ...(ownerColumn ? [ownerColumn] : [])],
    properties: {
      type: sequence.type,
      start: sequence.start,
      minimum: sequence.minimum,
      maximum: sequence.maximum,
      increment: sequence.increment,
      cycle: sequence.cycle,
      cache: sequence.cache,
      persistence: sequence.persistence,
      'owned by': ownerColumn ? displayName(ownerColumn.slice(1)) : sequence.ownedBy,
      identity: sequence.identity,
      owner: sequence.ownedBy === null ? sequence.owner : undefined,
      privileges: accessRights(sequence.acl),
      comment: sequence.comment,
    },
  });
}

function functionObject(item: CatalogFunction): SchemaObject {
  const { schema, name, definition } = item;
  return schemaObject({
    type: 'function',
    path: [schema, name, item.arguments],
    name: `${displayName([schema, name])}(${item.arguments})`,
    within: [['schema', schema]],
    properties: {
      kind: item.kind,
      definition: definition === null ? item.aggregate : functionBody(definition),
      returns: definition === null ? item.returns : undefined,
      owner: item.owner,
      privileges: accessRights(item.acl, 'function'),
      comment: item.comment,
    },
  });
}

function viewObject(view: CatalogView): SchemaObject {
  const { schema, name, materialized } = view;
  return schemaObject({
    type: materialized ? 'materialized view' : 'view',
    path: [schema, name],
    within: [['schema', schema]],
    properties: {
      definition: view.definition,
      columns: view.columns?.map(column => ({ ...column })),
      options: view.options?.toSorted(),
      populated: materialized ? view.populated : undefined,
      tablespace: materialized ? view.tablespace : undefined,
      owner: view.owner,
      privileges: accessRights(view.acl),
      comment: view.comment,
    },
  });
}

/** The recorded version is compared with the system's by the health check, not with another database's. */
function collationObjects({ collations = [] }: Catalog): SchemaObject[] {
  return collations.map(({ schema, name, owner, provider, locale, deterministic, version, comment }) =>
    schemaObject({
      type: 'collation',
      path: [schema, name],
      within: [['schema', schema]],
      properties: { provider, locale, deterministic, version, owner, comment } satisfies Record<
        string,
        PropertyValue
      >,
    }),
  );
}
