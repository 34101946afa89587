import type { AlterTableCmd, Node } from 'libpg-query';
import { dispatch } from '../node-kinds.ts';
import type { KnownRelation } from '../schema/known-schema.ts';
import { quoted } from '../schema/names.ts';
import { allowed, type Hit, inUse, lockOn, type Scope, script, sqlName } from '../scope.ts';
import { addColumnHits } from './add-column.ts';
import { addConstraintHits } from './add-constraint.ts';
import { changeTypeHits } from './change-type.ts';
import { partitionHits } from './partitions.ts';
import { setNotNullHits } from './set-not-null.ts';

const NOTHING: Node = { String: {} };

/** One part of ALTER TABLE, ALTER INDEX or ALTER MATERIALIZED VIEW. */
export function alterTableHits(scope: Scope, table: KnownRelation, command: AlterTableCmd): Hit[] {
  const { subtype = '', def, name = '' } = command;
  if (def !== undefined && 'PartitionCmd' in def)
    return partitionHits(scope, table, subtype, def.PartitionCmd);
  if (!inUse(scope, table)) return [];
  const defined = dispatch<[], Hit[]>(
    {
      ColumnDef: definition => {
        if (subtype === 'AT_AlterColumnType') return changeTypeHits(scope, table, name, definition);
        return subtype === 'AT_AddColumn' && !isThereAlready(table, command)
          ? addColumnHits(scope, table, definition)
          : [];
      },
      Constraint: constraint =>
        subtype === 'AT_AddConstraint' ? addConstraintHits(scope, table, constraint) : [],
    },
    def ?? NOTHING,
  );
  return [...(defined ?? []), ...bySubtype(scope, table, command), ...cascade(scope, table, command)];
}

function isThereAlready(table: KnownRelation, { def, missing_ok: orNothing }: AlterTableCmd): boolean {
  const name = def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.colname ?? '') : '';
  return orNothing === true && table.columns.has(name);
}

function bySubtype(scope: Scope, table: KnownRelation, command: AlterTableCmd): Hit[] {
  const { subtype = '', name = '' } = command;
  switch (subtype) {
    case 'AT_SetNotNull':
      return setNotNullHits(table, [name], 'SET NOT NULL');
    case 'AT_DropNotNull':
      return [dropNotNull(table, name)];
    case 'AT_DropColumn':
      return [dropColumn(scope, table, name)];
    case 'AT_DropConstraint':
      return dropKey(table, name);
    case 'AT_ValidateConstraint':
      return validate(scope, table, name);
    case 'AT_EnableRowSecurity':
      return rowSecurity(scope, table);
    case 'AT_DisableRowSecurity':
      return [rowSecurityOff(scope, table)];
    case 'AT_SetExpression':
      return [
        rewrites(table, 'rewriting-column', `SET EXPRESSION computes ${quoted(name)} anew for every row, so`),
      ];
    case 'AT_SetTableSpace':
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
    case 'AT_SetAccessMethod':
      return moves(scope, table, command);
    default:
      return /^AT_(Disable|EnableReplica)Trig/.test(subtype) ? [disableTrigger(table, name)] : [];
  }
}

function dropNotNull(table: KnownRelation, column: string): Hit {
  const key = [...table.constraints.values()].find(
    ({ kind, columns }) => kind === 'primary key' && columns.includes(column),
  );
  const target = sqlName(table);
  const message =
    key === undefined
      ? `Running code that relies on ${quoted(column)} of ${target} being there will meet nulls.`
      : `Fails: ${quoted(column)} is in the primary key ${quoted(key.name)} of ${target}.`;
  const statement = `alter table ${target} alter column ${quoted(column)} drop not null`;
  const safer = allowed('drop-not-null', 'every deployed version copes with null here', statement);
  return { rule: 'drop-not-null', message, safer, work: 'brief' };
}

function dropColumn(scope: Scope, table: KnownRelation, column: string): Hit {
  const message = `Code that is still running and names ${quoted(column)} of ${sqlName(table)} fails from then on, prepared statements with * too; the values are gone.`;
  const statement = scope.text;
  const safer = script(
    '-- first deploy a version that neither reads nor writes it (make it nullable when it has no default):',
    `alter table ${sqlName(table)} alter column ${quoted(column)} drop not null;`,
    '-- when no older version runs any more:',
    allowed('drop-column', 'no deployed version reads or writes it any more', statement),
  );
  return { rule: 'drop-column', message, safer, work: 'brief' };
}

function dropKey(table: KnownRelation, name: string): Hit[] {
  const known = table.constraints.get(name);
  const isKey = known === undefined ? /_(p?key)$/.test(name) : ['unique', 'primary key'].includes(known.kind);
  if (!isKey) return [];
  const message = `INSERT … ON CONFLICT that relies on ${quoted(name)} of ${sqlName(table)} fails, duplicates can arrive, and its index is gone for queries; without a primary key, logical replication refuses updates.`;
  const statement = `alter table ${sqlName(table)} drop constraint ${quoted(name)}`;
  const safer = allowed('drop-key', 'nothing relies on it: another key is in place', statement);
  return [{ rule: 'drop-key', message, safer, work: 'brief' }];
}

function validate(scope: Scope, table: KnownRelation, name: string): Hit[] {
  const constraint = table.constraints.get(name);
  if (!scope.inTransaction || constraint?.transaction !== scope.schema.transaction) return [];
  const mode = constraint.kind === 'foreign key' ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE';
  const waiting = mode === 'ACCESS EXCLUSIVE' ? 'reads and writes' : 'writes';
  const message = `Reads all of ${sqlName(table)} while the transaction still holds the ${mode} lock of the ADD: ${waiting} wait until it is committed. NOT VALID gains nothing here.`;
  const safer = script(
    '-- in a migration of its own, after the one that adds it:',
    `alter table ${sqlName(table)} validate constraint ${quoted(name)};`,
  );
  return [{ rule: 'validate-in-same-transaction', message, safer, lock: lockOn(table, mode), work: 'scan' }];
}

function rowSecurity(scope: Scope, table: KnownRelation): Hit[] {
  const later = scope
    .following()
    .some(node => 'CreatePolicyStmt' in node && node.CreatePolicyStmt.table?.relname === table.name);
  if (table.policies.size > 0 || (scope.inTransaction && later)) return [];
  const target = sqlName(table);
  const message = `No policy is known for ${target}: every role but its owner sees no row and can insert none from then on.`;
  const safer = script(
    `create policy ${quoted(`${table.name}_all`)} on ${target} using (true) with check (true);`,
    `alter table ${target} enable row level security;`,
  );
  return [{ rule: 'row-security-without-policy', message, safer, work: 'brief' }];
}

function rowSecurityOff({ text }: Scope, table: KnownRelation): Hit {
  const message = `The policies of ${sqlName(table)} count for nothing from then on: every role that may read it at all sees every row.`;
  const safer = script(
    `create policy ${quoted(`${table.name}_reader`)} on ${sqlName(table)} for select to … using (true);`,
    '-- or, where that is what is wanted:',
    allowed('row-security-off', 'nobody who may read it is to be kept from any row', text),
  );
  return { rule: 'row-security-off', message, safer, lock: lockOn(table, 'ACCESS EXCLUSIVE'), work: 'brief' };
}

function rewrites(table: KnownRelation, rule: 'rewriting-column' | 'rewrite-table', why: string): Hit {
  const message = `${why} all of ${sqlName(table)} and its indexes are written anew under ACCESS EXCLUSIVE: reads and writes wait until that is done.`;
  return { rule, message, lock: lockOn(table, 'ACCESS EXCLUSIVE'), work: 'rewrite' };
}

function moves(scope: Scope, table: KnownRelation, { subtype, name = '' }: AlterTableCmd): Hit[] {
  if (subtype === 'AT_SetAccessMethod' && name === 'heap') return [];
  const target = sqlName(table);
  if (subtype === 'AT_SetTableSpace') {
    const index = /^alter\s+index/i.test(scope.text);
    const safer = index
      ? script(
          '-- in a file marked transaction:false',
          `reindex (concurrently, tablespace ${quoted(name)}) index ${target};`,
        )
      : script(
          '-- pg_repack moves a table while it is in use:',
          `-- pg_repack --table=${target} --tablespace=${quoted(name)}`,
        );
    return [{ ...rewrites(table, 'rewrite-table', 'To move it,'), safer }];
  }
  const why: Readonly<Record<string, string>> = {
    AT_SetLogged: 'To make it survive a crash,',
    AT_SetUnLogged: 'From then on a crash empties it, and replicas do not have it; and',
    AT_SetAccessMethod: 'To change its access method,',
  };
  const safer = script(
    '-- a new table of the wanted kind, filled in batches, then put in the place of the old one:',
    `create ${subtype === 'AT_SetUnLogged' ? 'unlogged ' : ''}table ${quoted(`${table.name}_new`)} (like ${target} including all);`,
  );
  return [{ ...rewrites(table, 'rewrite-table', why[subtype ?? ''] ?? ''), safer }];
}

function disableTrigger(table: KnownRelation, name: string): Hit {
  const target = sqlName(table);
  const which = name === '' ? 'Triggers' : `The trigger ${quoted(name)}`;
  const message = `${which} of ${target} will not run for anybody, not for this session alone; ALL includes those that check foreign keys, and what slips through stays. Writes wait until the transaction ends.`;
  const safer = script(
    '-- a condition that only this session fulfils, in the function of the trigger:',
    `--   if current_setting('app.skip_triggers', true) = 'on' then return new; end if;`,
    `set local app.skip_triggers = 'on';`,
  );
  return {
    rule: 'disable-trigger',
    message,
    safer,
    lock: lockOn(table, 'SHARE ROW EXCLUSIVE'),
    work: 'brief',
  };
}

function cascade(scope: Scope, table: KnownRelation, { behavior, subtype }: AlterTableCmd): Hit[] {
  if (behavior !== 'DROP_CASCADE' || subtype?.startsWith('AT_Drop') !== true) return [];
  return [cascadeHit(scope, sqlName(table))];
}

/** CASCADE in any statement that drops something in use. */
export function cascadeHit({ text }: Scope, what: string): Hit {
  const message = `CASCADE also drops whatever depends on it at that moment (views, foreign keys, columns), on ${what} or elsewhere, without naming it.`;
  const plain = text.replace(/\s+cascade\b/i, '');
  const safer = script(
    '-- without CASCADE it fails and lists what depends on it; drop each by name before:',
    `${plain};`,
  );
  return { rule: 'drop-cascade', message, safer, work: 'brief' };
}
