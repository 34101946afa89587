import type { DropOwnedStmt, DropStmt } from 'libpg-query';
import { find, relationNamed } from '../schema/known-schema.ts';
import { nameOfParts, partsOf, quotedName } from '../schema/names.ts';
import { allowed, type Hit, inUse, type Scope, script, sqlName } from '../scope.ts';
import { cascadeHit } from './alter-table.ts';
import { dropIndexHits } from './indexes.ts';

const RELATIONS: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_FOREIGN_TABLE: 'foreign table',
};

/** DROP of anything. */
export function dropHits(scope: Scope, statement: DropStmt): Hit[] {
  const { removeType = '', behavior, objects } = statement;
  if (removeType === 'OBJECT_INDEX') return dropIndexHits(scope, statement);
  const kind = RELATIONS[removeType];
  const parts = (objects ?? []).map(object => partsOf(object));
  const used = parts.filter(name => isInUse(scope, removeType, name));
  const gone = used.filter(name => kind !== 'view' || !comesBack(scope, name));
  const dropped = kind === undefined ? [] : gone.map(name => dropRelation(scope, kind, name));
  if (behavior !== 'DROP_CASCADE' || used.length === 0) return dropped;
  return [...dropped, cascadeHit(scope, used.map(name => quotedName(nameOfParts(name))).join(', '))];
}

function isInUse(scope: Scope, removeType: string, parts: string[]): boolean {
  const { schema } = scope;
  const name = nameOfParts(parts);
  if (removeType in RELATIONS) return inUse(scope, relationNamed(schema, name));
  if (removeType === 'OBJECT_SCHEMA') return schema.newSchemas.get(name.name) !== schema.file;
  const type = find(schema, schema.types, name);
  return type === undefined || type.createdIn !== schema.file;
}

/** Whether the same transaction creates a view of that name again. */
function comesBack({ inTransaction, following }: Scope, parts: string[]): boolean {
  const name = parts.at(-1);
  return (
    inTransaction && following().some(node => 'ViewStmt' in node && node.ViewStmt.view?.relname === name)
  );
}

function dropRelation(scope: Scope, kind: string, parts: string[]): Hit {
  const relation = relationNamed(scope.schema, nameOfParts(parts));
  const target = sqlName(relation);
  const gone = kind === 'table' ? '; its rows are gone' : '';
  const message = `Code that is still running and names ${target} fails from then on${gone}. Tables at the other end of its foreign keys are locked, too.`;
  const safer = script(
    '-- first deploy a version that does not use it; when no older version runs any more:',
    allowed('drop-table', 'no deployed version uses it any more', scope.text),
  );
  return { rule: 'drop-table', message, safer, work: 'brief' };
}

/** DROP OWNED. */
export function dropOwnedHits(scope: Scope, _statement: DropOwnedStmt): Hit[] {
  const message = 'Drops whatever the role owns in this database, without naming it.';
  const safer = script(
    '-- move it to another owner instead:',
    scope.text
      .replace(/^drop/i, 'reassign')
      .replace(/\s+(cascade|restrict)$/i, '')
      .concat(' to …;'),
  );
  return [{ rule: 'drop-cascade', message, safer, work: 'brief' }];
}
