import type { Catalog } from '@holdfast/postgres';
import { accessRights } from './access-rights.ts';
import { displayName, type SchemaObject, schemaObject } from './schema-object.ts';

/** What belongs to the database as a whole. */
export function databaseObjects(catalog: Catalog): SchemaObject[] {
  return [
    ...extensionObjects(catalog),
    ...eventTriggerObjects(catalog),
    ...publicationObjects(catalog),
    ...defaultPrivilegeObjects(catalog),
    ...settingObjects(catalog),
    ...serverSettingObjects(catalog),
    ...databaseObject(catalog),
  ];
}

function extensionObjects({ extensions }: Catalog): SchemaObject[] {
  return extensions
    .filter(extension => !isOfCluster(extension))
    .map(({ name, schema, version }) =>
      schemaObject({ type: 'extension', path: [name], properties: { version, schema } }),
    );
}

/** The embedded cluster has amcheck among PostgreSQL's own objects: a tool of whoever examines it, and no part of any schema. */
function isOfCluster({ name, schema }: Catalog['extensions'][number]): boolean {
  return name === 'amcheck' && schema === 'pg_catalog';
}

function eventTriggerObjects({ eventTriggers = [] }: Catalog): SchemaObject[] {
  return eventTriggers.map(({ name, tags, ...rest }) =>
    schemaObject({ type: 'event trigger', path: [name], properties: { ...rest, tags: tags.toSorted() } }),
  );
}

function publicationObjects({ publications = [] }: Catalog): SchemaObject[] {
  return publications.map(publication =>
    schemaObject({
      type: 'publication',
      path: [publication.name],
      properties: {
        tables: publication.tables,
        schemas: publication.schemas,
        'all tables': publication.allTables,
        operations: publication.operations,
        'via root': publication.viaRoot,
        owner: publication.owner,
      },
    }),
  );
}

function defaultPrivilegeObjects({ defaultPrivileges = [] }: Catalog): SchemaObject[] {
  return defaultPrivileges.map(({ role, schema, objects, acl }) =>
    schemaObject({
      type: 'default privileges',
      path: [role, schema ?? '', objects],
      name: `${objects} of ${displayName([role])}${schema === null ? '' : ` in ${displayName([schema])}`}`,
      within: schema === null ? [] : [['schema', schema]],
      properties: { privileges: accessRights(acl) },
    }),
  );
}

function settingObjects({ settings = [] }: Catalog): SchemaObject[] {
  return settings.map(({ role, inDatabase, name, value }) =>
    schemaObject({
      type: 'setting',
      path: [role ?? '', inDatabase ? 'database' : '', name],
      name: [
        name,
        ...(role === null ? [] : [`of role ${role}`]),
        ...(inDatabase ? ['in this database'] : []),
      ].join(' '),
      properties: { value },
    }),
  );
}

function serverSettingObjects({ serverSettings = {} }: Catalog): SchemaObject[] {
  return Object.entries(serverSettings).map(([name, value]) =>
    schemaObject({ type: 'server setting', path: [name], properties: { value } }),
  );
}

function databaseObject({ database }: Catalog): SchemaObject[] {
  if (database === undefined) return [];
  const { encoding, collate, ctype, provider } = database;
  return [
    schemaObject({
      type: 'database',
      path: [''],
      name: 'the database',
      properties: { encoding, collate, ctype, provider, 'collation version': database.collationVersion },
    }),
  ];
}
