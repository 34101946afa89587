import type {
  AlterDomainStmt,
  AlterExtensionStmt,
  CallStmt,
  CreateExtensionStmt,
  CreateTrigStmt,
  Node,
  RuleStmt,
} from 'libpg-query';
import { constantsIn } from '../schema/expressions.ts';
import { find, relationNamed } from '../schema/known-schema.ts';
import { nameOfParts, nameOfRelation, quoted, quotedName, strings } from '../schema/names.ts';
import { allowed, type Hit, inUse, lockOn, type Scope, script, sqlName } from '../scope.ts';

// "trusted = true" in the control files of PostgreSQL's own extensions
const TRUSTED = new Set(
  `bool_plperl btree_gin btree_gist citext cube dict_int fuzzystrmatch hstore intarray isn jsonb_plperl lo ltree pg_trgm
  pgcrypto plperl plpgsql pltcl seg tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp`.split(
    /\s+/,
  ),
);

/** CREATE EXTENSION. */
export function extensionHits(scope: Scope, { extname = '' }: CreateExtensionStmt): Hit[] {
  if (TRUSTED.has(extname)) return [];
  const message = `${extname} is not among the extensions that an ordinary role may create: this fails unless a superuser runs it or the server's provider trusts it, and unless its files are installed.`;
  const safer = script('-- once, by a superuser, before the migrations:', `${scope.text};`);
  return [{ rule: 'untrusted-extension', message, safer, work: 'brief' }];
}

/** ALTER EXTENSION … UPDATE. */
export function updateExtensionHits(scope: Scope, { extname = '' }: AlterExtensionStmt): Hit[] {
  const message = `The update scripts of ${extname} may take any lock and change any of its objects; they are not looked into.`;
  const safer = allowed(
    'untrusted-extension',
    'its update scripts were read, and tried by a dry run',
    scope.text,
  );
  return [{ rule: 'untrusted-extension', message, safer, work: 'brief' }];
}

/** CREATE TRIGGER. */
export function triggerHits(scope: Scope, { relation, trigname = '' }: CreateTrigStmt): Hit[] {
  const table = relationNamed(scope.schema, nameOfRelation(relation));
  if (!inUse(scope, table)) return [];
  const message = `Takes SHARE ROW EXCLUSIVE on ${sqlName(table)}: writes wait until the transaction ends. From then on ${quoted(trigname)} runs within every such write, and an error in it fails the write.`;
  const safer = allowed('create-trigger', 'tried with the queries of the running version', scope.text);
  return [
    { rule: 'create-trigger', message, safer, lock: lockOn(table, 'SHARE ROW EXCLUSIVE'), work: 'brief' },
  ];
}

/** CREATE RULE. */
export function ruleHits(scope: Scope, { relation, rulename = '' }: RuleStmt): Hit[] {
  const table = relationNamed(scope.schema, nameOfRelation(relation));
  if (!inUse(scope, table)) return [];
  const message = `Takes ACCESS EXCLUSIVE on ${sqlName(table)}: reads and writes wait until the transaction ends. From then on ${quoted(rulename)} changes what every such statement does, and may make it do nothing.`;
  const safer = allowed('create-trigger', 'tried with the queries of the running version', scope.text);
  return [{ rule: 'create-trigger', message, safer, lock: lockOn(table, 'ACCESS EXCLUSIVE'), work: 'brief' }];
}

/** ALTER DOMAIN … ADD CONSTRAINT or SET NOT NULL. */
export function domainHits(scope: Scope, { subtype = '', typeName, def }: AlterDomainStmt): Hit[] {
  const constraint = def !== undefined && 'Constraint' in def ? def.Constraint : undefined;
  const adds = subtype === 'C' && constraint?.skip_validation !== true;
  const name = nameOfParts(strings(typeName));
  const domain = find(scope.schema, scope.schema.types, name);
  if ((!adds && subtype !== 'O') || domain?.createdIn === scope.schema.file) return [];
  const message = `Every table with a column of ${quotedName(name)} is read under SHARE: writes to all of them wait until that is done.`;
  const conname = quoted(constraint?.conname ?? `${name.name}_check`);
  const text = scope.text.replace(
    /\bset\s+not\s+null\b/i,
    `add constraint ${conname} check (value is not null)`,
  );
  const safer = script(
    `${text} not valid;`,
    '-- in a later migration:',
    `alter domain ${quotedName(name)} validate constraint ${conname};`,
  );
  return [{ rule: 'domain-constraint', message, safer, work: 'scan' }];
}

/** A value of an enum that was added by the same transaction: PostgreSQL refuses to use it before the commit. */
export function newEnumValueHits(scope: Scope, statement: Node): Hit[] {
  if (scope.newEnumValues.size === 0 || 'AlterEnumStmt' in statement) return [];
  const used = [...new Set(constantsIn([statement]))].filter(value => scope.newEnumValues.has(value));
  return used.map(value => ({
    rule: 'enum-value-in-same-transaction',
    message: `Fails ("unsafe use of new value"): '${value}' was added by this very transaction and cannot be used before it is committed.`,
    safer: script('-- ADD VALUE in a migration of its own, before this one; then:', `${scope.text};`),
    work: 'brief',
  }));
}

/** CALL: what the procedure does is not in the file. */
export function callHits(_scope: Scope, { funccall }: CallStmt): Hit[] {
  const name = quotedName(nameOfParts(strings(funccall?.funcname)));
  const message = `The statements of ${name} are not in this file: what they lock cannot be told.`;
  return [{ rule: 'opaque-block', message, work: 'brief' }];
}
