import type { AlterTableCmd, Constraint, Node } from 'libpg-query';
import { LOCK_MODES, type LockMode } from './finding.ts';
import { dispatch, type Handlers } from './node-kinds.ts';
import { find, type KnownRelation, type KnownSchema, relationNamed } from './schema/known-schema.ts';
import { type Name, nameOfParts, nameOfRelation, partsOf } from './schema/names.ts';

/** A lock that a statement takes, by the rules of PostgreSQL (manual, section 13.3.1 and ALTER TABLE). */
export interface TakenLock {
  readonly relation: KnownRelation;
  readonly mode: LockMode;
}

// every other form takes ACCESS EXCLUSIVE
const ALTER_MODES: Readonly<Record<string, LockMode>> = {
  AT_ValidateConstraint: 'SHARE UPDATE EXCLUSIVE',
  AT_SetStatistics: 'SHARE UPDATE EXCLUSIVE',
  AT_SetRelOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_ResetRelOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_SetOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_ResetOptions: 'SHARE UPDATE EXCLUSIVE',
  AT_ClusterOn: 'SHARE UPDATE EXCLUSIVE',
  AT_DropCluster: 'SHARE UPDATE EXCLUSIVE',
  AT_AttachPartition: 'SHARE UPDATE EXCLUSIVE',
  AT_EnableTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableAlwaysTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableReplicaTrig: 'SHARE ROW EXCLUSIVE',
  AT_EnableTrigAll: 'SHARE ROW EXCLUSIVE',
  AT_EnableTrigUser: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrig: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrigAll: 'SHARE ROW EXCLUSIVE',
  AT_DisableTrigUser: 'SHARE ROW EXCLUSIVE',
};

const HANDLERS: Handlers<[KnownSchema], TakenLock[]> = {
  IndexStmt: ({ relation, concurrent }, schema) =>
    locks(schema, [nameOfRelation(relation)], concurrent === true ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE'),
  CreateTrigStmt: ({ relation }, schema) => locks(schema, [nameOfRelation(relation)], 'SHARE ROW EXCLUSIVE'),
  CreatePolicyStmt: ({ table }, schema) => locks(schema, [nameOfRelation(table)], 'ACCESS EXCLUSIVE'),
  RuleStmt: ({ relation }, schema) => locks(schema, [nameOfRelation(relation)], 'ACCESS EXCLUSIVE'),
  CreateStmt: ({ inhRelations, partbound, tableElts, constraints }, schema) => [
    ...locks(
      schema,
      relationsIn(inhRelations),
      partbound === undefined ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
    ),
    ...referenced(schema, [...(tableElts ?? []), ...(constraints ?? [])]),
  ],
  DropStmt: ({ objects, removeType, concurrent }, schema) => {
    if (removeType === 'OBJECT_INDEX') {
      const mode = concurrent === true ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
      return (objects ?? []).flatMap(object => {
        const index = find(schema, schema.indexes, nameOfParts(partsOf(object)));
        return index === undefined ? [] : [{ relation: index.table, mode }];
      });
    }
    const relations = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE'];
    const names = relations.includes(removeType ?? '')
      ? (objects ?? []).map(item => nameOfParts(partsOf(item)))
      : [];
    return locks(schema, names, 'ACCESS EXCLUSIVE');
  },
  RenameStmt: ({ relation, renameType }, schema) =>
    relation === undefined || renameType === 'OBJECT_INDEX'
      ? []
      : locks(schema, [nameOfRelation(relation)], 'ACCESS EXCLUSIVE'),
  AlterObjectSchemaStmt: ({ relation }, schema) =>
    relation === undefined ? [] : locks(schema, [nameOfRelation(relation)], 'ACCESS EXCLUSIVE'),
  TruncateStmt: ({ relations }, schema) => locks(schema, relationsIn(relations), 'ACCESS EXCLUSIVE'),
  LockStmt: ({ relations, mode = 8 }, schema) =>
    locks(schema, relationsIn(relations), LOCK_MODES[mode - 1] ?? 'ACCESS EXCLUSIVE'),
  RefreshMatViewStmt: ({ relation, concurrent }, schema) =>
    locks(schema, [nameOfRelation(relation)], concurrent === true ? 'EXCLUSIVE' : 'ACCESS EXCLUSIVE'),
  ClusterStmt: ({ relation }, schema) =>
    relation === undefined ? [] : locks(schema, [nameOfRelation(relation)], 'ACCESS EXCLUSIVE'),
  VacuumStmt: ({ rels }, schema) =>
    (rels ?? []).flatMap(node =>
      'VacuumRelation' in node
        ? locks(schema, [nameOfRelation(node.VacuumRelation.relation)], 'ACCESS EXCLUSIVE')
        : [],
    ),
  ReindexStmt: ({ relation, kind }, schema) => {
    if (relation === undefined) return [];
    if (kind === 'REINDEX_OBJECT_TABLE') return locks(schema, [nameOfRelation(relation)], 'SHARE');
    const index = find(schema, schema.indexes, nameOfRelation(relation));
    return index === undefined ? [] : [{ relation: index.table, mode: 'SHARE' }];
  },
  UpdateStmt: ({ relation }, schema) => locks(schema, [nameOfRelation(relation)], 'ROW EXCLUSIVE'),
  DeleteStmt: ({ relation }, schema) => locks(schema, [nameOfRelation(relation)], 'ROW EXCLUSIVE'),
};

/** The locks of one statement, or of one part of ALTER TABLE, on the relations that it names. */
export function locksTaken(schema: KnownSchema, node: Node): TakenLock[] {
  return dispatch(HANDLERS, node, schema) ?? [];
}

/** @see locksTaken */
export function locksOfAlter(schema: KnownSchema, table: KnownRelation, command: AlterTableCmd): TakenLock[] {
  const { subtype = '', def } = command;
  const foreign = def === undefined ? [] : referenced(schema, [def]);
  if (def !== undefined && 'Constraint' in def && def.Constraint.contype === 'CONSTR_FOREIGN') {
    return [{ relation: table, mode: 'SHARE ROW EXCLUSIVE' }, ...foreign];
  }
  if (def !== undefined && 'PartitionCmd' in def) {
    const { name, concurrent } = def.PartitionCmd;
    const mode =
      concurrent === true ? 'SHARE UPDATE EXCLUSIVE' : (ALTER_MODES[subtype] ?? 'ACCESS EXCLUSIVE');
    const partition = relationNamed(schema, nameOfRelation(name));
    return [
      { relation: table, mode },
      { relation: partition, mode: 'ACCESS EXCLUSIVE' },
    ];
  }
  return [{ relation: table, mode: ALTER_MODES[subtype] ?? 'ACCESS EXCLUSIVE' }, ...foreign];
}

/** The stronger of two modes. */
export function stronger(one: LockMode, other: LockMode): LockMode {
  return LOCK_MODES.indexOf(one) >= LOCK_MODES.indexOf(other) ? one : other;
}

function locks(schema: KnownSchema, names: readonly Name[], mode: LockMode): TakenLock[] {
  return names.map(name => ({ relation: relationNamed(schema, name), mode }));
}

export function relationsIn(nodes: readonly Node[] | undefined): Name[] {
  return (nodes ?? []).flatMap(node => ('RangeVar' in node ? [nameOfRelation(node.RangeVar)] : []));
}

/** The tables that foreign keys in a definition point to: adding a key to a table puts triggers on both. */
function referenced(schema: KnownSchema, nodes: readonly Node[]): TakenLock[] {
  return nodes
    .flatMap((node): Constraint[] => {
      if ('Constraint' in node) return [node.Constraint];
      const behind = 'ColumnDef' in node ? (node.ColumnDef.constraints ?? []) : [];
      return behind.flatMap(item => ('Constraint' in item ? [item.Constraint] : []));
    })
    .filter(({ contype }) => contype === 'CONSTR_FOREIGN')
    .flatMap(({ pktable }) => locks(schema, [nameOfRelation(pktable)], 'SHARE ROW EXCLUSIVE'));
}
