import type {
  Catalog,
  CatalogColumn,
  CatalogConstraint,
  CatalogIndex,
  CatalogKey,
  CatalogTable,
  CatalogTrigger,
} from '@holdfast/postgres';
import { accessRights } from './access-rights.ts';
import { constraintBody, indexBody, ruleBody, statisticsBody, triggerBody } from './definitions.ts';
import { displayName, keyOf, type PropertyValue, type SchemaObject, schemaObject } from './schema-object.ts';

/** Tables with everything that lies in them. */
export function tableObjects(catalog: Catalog): SchemaObject[] {
  return [
    ...catalog.tables.flatMap(table => [tableObject(catalog, table), ...columnObjects(catalog, table)]),
    ...constraintObjects(catalog),
    ...indexObjects(catalog),
    ...catalog.triggers.filter(({ internal }) => !internal).map(trigger => triggerObject(catalog, trigger)),
    ...policyObjects(catalog),
    ...ruleObjects(catalog),
    ...statisticsObjects(catalog),
  ];
}

function tableObject({ indexes }: Catalog, table: CatalogTable): SchemaObject {
  const { schema, name, partitionOf } = table;
  const own = indexes.filter(index => index.schema === schema && index.table === name);
  const identity = own.find(index => index.replicaIdentity)?.name;
  return schemaObject({
    type: 'table',
    path: [schema, name],
    within: [['schema', schema]],
    properties: {
      kind: table.kind,
      owner: table.owner,
      privileges: accessRights(table.acl),
      persistence: table.persistence,
      'replica identity': identity === undefined ? table.replicaIdentity : `index ${displayName([identity])}`,
      'clustered on': own.some(index => index.clustered === undefined)
        ? undefined
        : (own.find(index => index.clustered)?.name ?? null),
      options: table.options?.toSorted(),
      'access method': table.accessMethod,
      tablespace: table.tablespace,
      'row level security': table.rowSecurity,
      'force row level security': table.forceRowSecurity,
      'partition key': table.partitionKey,
      'partition of': partitionOf && { parent: partitionOf.parent, bound: partitionOf.bound },
      inherits: table.inherits,
      server: table.foreignServer,
      'foreign options': table.foreignOptions,
      comment: table.comment,
    },
  });
}

function columnObjects({ constraints }: Catalog, table: CatalogTable): SchemaObject[] {
  const { schema, name } = table;
  const notNulls = constraints.filter(
    item => item.kind === 'not null' && item.schema === schema && item.table === name,
  );
  return table.columns.map(column =>
    schemaObject({
      type: 'column',
      path: [schema, name, column.name],
      within: [['table', schema, name]],
      inherited: column.inherited ?? false,
      properties: {
        type: column.type,
        collation: column.collation,
        'not null': notNullState(column, notNulls),
        default: column.generated === null ? column.default : null,
        generated: column.generated === null ? null : `${column.default} ${column.generated}`,
        identity: column.identity,
        storage: column.storage,
        compression: column.compression,
        statistics: column.statistics,
        options: column.options,
        privileges: accessRights(column.acl),
        comment: column.comment,
      },
    }),
  );
}

/** PostgreSQL 18 keeps NOT NULL as named constraints, which may be NOT VALID; the name says nothing. */
function notNullState(column: CatalogColumn, constraints: readonly CatalogConstraint[]): PropertyValue {
  const own = constraints.find(({ columns }) => columns?.[0] === column.name);
  if (own === undefined || own.validated) return column.notNull;
  return 'not valid';
}

function constraintObjects(catalog: Catalog): SchemaObject[] {
  const indexes = new Map(catalog.indexes.map(index => [keyOf(['index', index.schema, index.name]), index]));
  const internal = Map.groupBy(
    catalog.triggers.filter(trigger => trigger.internal && trigger.constraint !== null),
    ({ schema, table, constraint, constraintTable }) =>
      keyOf(['constraint', ...(constraintTable?.slice(1) ?? [schema, table]), constraint ?? '']),
  );
  return catalog.constraints
    .filter(({ kind }) => kind !== 'not null' && kind !== 'trigger')
    .map(constraint => {
      const key: CatalogKey = ['constraint', constraint.schema, constraint.table, constraint.name];
      const index = indexes.get(keyOf(['index', constraint.schema, constraint.name]));
      return constraintObject(
        constraint,
        index?.table === constraint.table ? index : undefined,
        internal.get(keyOf(key)),
      );
    });
}

function constraintObject(
  constraint: CatalogConstraint,
  index: CatalogIndex | undefined,
  triggers: readonly CatalogTrigger[] | undefined,
): SchemaObject {
  const { schema, table, name } = constraint;
  const backed = ['primary key', 'unique', 'exclusion'].includes(constraint.kind);
  return schemaObject({
    type: 'constraint',
    path: [schema, table, name],
    within: [['table', schema, table]],
    inherited: constraint.inherited ?? false,
    properties: {
      kind: constraint.kind,
      definition: constraintBody(constraint.definition),
      validated: constraint.validated,
      enforced: constraint.enforced,
      triggers: triggerState(triggers),
      ...(backed && index !== undefined ? indexProperties(index) : {}),
      comment: constraint.comment,
    },
  });
}

/** Whether what enforces a foreign key is switched on: `origin` unless somebody disabled triggers. */
function triggerState(triggers: readonly CatalogTrigger[] = []): PropertyValue {
  const off = triggers.filter(({ enabled }) => enabled !== 'origin');
  if (off.length === 0) return 'origin';
  return off.map(({ definition, enabled }) => `${definition.replace(/ \d+$/, '')} ${enabled}`).toSorted();
}

function indexProperties(index: CatalogIndex): Record<string, PropertyValue | undefined> {
  return {
    index: indexBody(index.definition),
    valid: index.valid && index.ready,
    statistics: index.statistics,
    tablespace: index.tablespace,
  };
}

/** Those behind constraints are a part of them. */
function indexObjects(catalog: Catalog): SchemaObject[] {
  const { indexes, constraints } = catalog;
  const behind = new Set(
    constraints
      .filter(({ kind }) => ['primary key', 'unique', 'exclusion'].includes(kind))
      .map(({ schema, table, name }) => keyOf(['constraint', schema, table, name])),
  );
  return indexes
    .filter(({ schema, table, name }) => !behind.has(keyOf(['constraint', schema, table, name])))
    .map(index => {
      const { index: definition, ...rest } = indexProperties(index);
      return schemaObject({
        type: 'index',
        path: [index.schema, index.name],
        within: [relationKey(catalog, index.schema, index.table), ...(index.partOf ? [index.partOf] : [])],
        inherited: index.partOf !== null && index.partOf !== undefined,
        properties: { definition, ...rest, comment: index.comment },
      });
    });
}

function triggerObject(catalog: Catalog, trigger: CatalogTrigger): SchemaObject {
  const { schema, table, name } = trigger;
  return schemaObject({
    type: 'trigger',
    path: [schema, table, name],
    within: [relationKey(catalog, schema, table)],
    inherited: trigger.inherited ?? false,
    properties: {
      definition: triggerBody(trigger.definition),
      enabled: trigger.enabled,
      comment: trigger.comment,
    },
  });
}

function policyObjects({ policies = [] }: Catalog): SchemaObject[] {
  return policies.map(({ schema, table, name, ...policy }) =>
    schemaObject({
      type: 'policy',
      path: [schema, table, name],
      within: [['table', schema, table]],
      properties: {
        command: policy.command,
        permissive: policy.permissive,
        roles: policy.roles,
        using: policy.using,
        'with check': policy.check,
        comment: policy.comment,
      },
    }),
  );
}

function ruleObjects(catalog: Catalog): SchemaObject[] {
  return (catalog.rules ?? []).map(({ schema, table, name, definition, enabled }) =>
    schemaObject({
      type: 'rule',
      path: [schema, table, name],
      within: [relationKey(catalog, schema, table)],
      properties: { definition: ruleBody(definition), enabled },
    }),
  );
}

function statisticsObjects({ statistics = [] }: Catalog): SchemaObject[] {
  return statistics.map(({ schema, name, owner, definition }) =>
    schemaObject({
      type: 'statistics',
      path: [schema, name],
      within: [['schema', schema]],
      properties: { definition: statisticsBody(definition), owner },
    }),
  );
}

/** The key of the table or view of this name. */
function relationKey({ views }: Catalog, schema: string, name: string): CatalogKey {
  const view = views.find(item => item.schema === schema && item.name === name);
  if (view === undefined) return ['table', schema, name];
  return [view.materialized ? 'materialized view' : 'view', schema, name];
}
