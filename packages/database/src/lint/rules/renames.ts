import type { AlterEnumStmt, AlterObjectSchemaStmt, RenameStmt } from 'libpg-query';
import { find, type KnownRelation, relationNamed } from '../schema/known-schema.ts';
import {
  nameOfParts,
  nameOfRelation,
  partsOf,
  quoted,
  quotedName,
  strings,
  typeName,
} from '../schema/names.ts';
import { allowed, type Hit, inBatches, inUse, type Scope, script, sqlName } from '../scope.ts';

const RELATIONS = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE'];
const ROUTINES = ['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_AGGREGATE', 'OBJECT_ROUTINE'];
const TYPES = ['OBJECT_TYPE', 'OBJECT_DOMAIN'];

/** ALTER … RENAME. Indexes and constraints may be renamed: no code names them, as a rule. */
export function renameHits(scope: Scope, statement: RenameStmt): Hit[] {
  const { renameType = '', relation, object, subname = '', newname = '' } = statement;
  if (renameType === 'OBJECT_COLUMN') return renameColumn(scope, statement);
  if (RELATIONS.includes(renameType)) {
    return renameTable(scope, relationNamed(scope.schema, nameOfRelation(relation)), quoted(newname));
  }
  if (renameType === 'OBJECT_SCHEMA') {
    return scope.schema.newSchemas.get(subname) === scope.schema.file
      ? []
      : [moved(scope, `the schema ${quoted(subname)}`)];
  }
  if (TYPES.includes(renameType)) return moveType(scope, partsOf(object));
  return ROUTINES.includes(renameType) ? [moved(scope, 'the routine')] : [];
}

function renameColumn(scope: Scope, { relation, subname = '', newname = '' }: RenameStmt): Hit[] {
  const table = relationNamed(scope.schema, nameOfRelation(relation));
  if (!inUse(scope, table)) return [];
  const target = sqlName(table);
  const type = table.columns.get(subname)?.type;
  const message = `Code that is still running and names ${quoted(subname)} of ${target} fails from then on; code that is not deployed yet fails until then.`;
  const safer = script(
    '-- 1. with the type of the old column; a trigger or the application writes both',
    `alter table ${target} add column ${quoted(newname)} ${type === undefined ? '…' : typeName(type)};`,
    inBatches(
      target,
      `${quoted(newname)} = ${quoted(subname)}`,
      `${quoted(newname)} is distinct from ${quoted(subname)}`,
    ),
    '-- 2. deploy the version that reads the new one; 3. when no older version runs:',
    allowed(
      'drop-column',
      'no deployed version reads or writes it any more',
      `alter table ${target} drop column ${quoted(subname)}`,
    ),
  );
  return [{ rule: 'rename-column', message, safer, work: 'brief' }];
}

function renameTable(scope: Scope, table: KnownRelation, newName: string): Hit[] {
  if (!inUse(scope, table) || leavesView(scope, table)) return [];
  const target = sqlName(table);
  const message = `Code that is still running and names ${target} fails from then on; code that is not deployed yet fails until then.`;
  const safer = script(
    '-- a view under the old name, which can be written like the table, keeps running code working:',
    `${scope.text};`,
    `create view ${target} as select * from ${newName};`,
  );
  return [{ rule: 'rename-table', message, safer, work: 'brief' }];
}

/** Whether the same transaction puts a view in the place of the table. */
function leavesView({ inTransaction, following }: Scope, table: KnownRelation): boolean {
  return (
    inTransaction &&
    following().some(node => 'ViewStmt' in node && node.ViewStmt.view?.relname === table.name)
  );
}

function moveType(scope: Scope, parts: string[]): Hit[] {
  const type = find(scope.schema, scope.schema.types, nameOfParts(parts));
  const isNew = type !== undefined && type.createdIn === scope.schema.file;
  return isNew ? [] : [moved(scope, `the type ${quotedName(nameOfParts(parts))}`)];
}

function moved(scope: Scope, what: string): Hit {
  const message = `Code that is still running and names ${what} (casts, parameters, calls) fails from then on; code that is not deployed yet fails until then.`;
  const safer = allowed('rename-table', 'no deployed version names it', scope.text);
  return { rule: 'rename-table', message, safer, work: 'brief' };
}

/** ALTER … SET SCHEMA. */
export function setSchemaHits(scope: Scope, statement: AlterObjectSchemaStmt): Hit[] {
  const { objectType = '', relation, object, newschema = '' } = statement;
  if (relation !== undefined && RELATIONS.includes(objectType)) {
    const table = relationNamed(scope.schema, nameOfRelation(relation));
    return renameTable(scope, table, `${quoted(newschema)}.${quoted(table.name)}`);
  }
  if (TYPES.includes(objectType)) return moveType(scope, partsOf(object));
  return ROUTINES.includes(objectType) ? [moved(scope, 'the routine')] : [];
}

/** ALTER TYPE … RENAME VALUE. */
export function renameEnumValueHits(scope: Scope, { typeName, oldVal, newVal }: AlterEnumStmt): Hit[] {
  if (oldVal === undefined) return [];
  const name = nameOfParts(strings(typeName));
  if (find(scope.schema, scope.schema.types, name)?.createdIn === scope.schema.file) return [];
  const type = quotedName(name);
  const message = `Code that is still running and writes or compares '${oldVal}' of ${type} fails from then on; code that is not deployed yet fails until then.`;
  const literal = (text = ''): string => `'${text.replaceAll("'", "''")}'`;
  const safer = script(
    `alter type ${type} add value ${literal(newVal)};`,
    '-- deploy a version that knows both, change the rows in batches, and leave the old value unused',
  );
  return [{ rule: 'rename-enum-value', message, safer, work: 'brief' }];
}
