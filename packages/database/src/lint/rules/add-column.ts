import type { ColumnDef, Constraint } from 'libpg-query';
import { columnsOf, constraintName } from '../schema/constraints.ts';
import { constantOf } from '../schema/expressions.ts';
import { find, type KnownRelation } from '../schema/known-schema.ts';
import { nameOfRelation, quoted, quotedName, type TypeShape, typeShape } from '../schema/names.ts';
import { volatileCall } from '../schema/volatility.ts';
import { type Hit, inBatches, lockOn, type Scope, script, sqlName } from '../scope.ts';
import { between, fragment, parenthesized } from '../source-text.ts';
import { safeCheck, safeForeignKey, safeUnique } from './safe-constraints.ts';
import { safeNotNull } from './set-not-null.ts';

interface NewColumn {
  readonly table: KnownRelation;
  readonly definition: ColumnDef;
  readonly name: string;
  readonly type: TypeShape | undefined;
  readonly constraints: readonly Constraint[];
  /** As it stands in the statement. */
  readonly typeText: string;
}

/** ALTER TABLE … ADD COLUMN on a table in use. */
export function addColumnHits(scope: Scope, table: KnownRelation, definition: ColumnDef): Hit[] {
  const constraints = (definition.constraints ?? []).flatMap(node =>
    'Constraint' in node ? [node.Constraint] : [],
  );
  const column: NewColumn = {
    table,
    definition,
    name: definition.colname ?? '',
    type: typeShape(definition.typeName),
    constraints,
    typeText: typeText(scope, definition, constraints),
  };
  return [
    ...rewritingColumn(scope, column),
    ...volatileDefault(scope, column),
    ...notNullColumn(scope, column),
    ...constraints.flatMap(constraint => behindColumn(scope, column, constraint)),
  ];
}

function typeText(scope: Scope, definition: ColumnDef, constraints: readonly Constraint[]): string {
  const start = definition.typeName?.location;
  const [end] = constraints.map(({ location }) => location ?? 0).sort((a, b) => a - b);
  return end === undefined ? fragment(scope.text, start) : between(scope.text, start, end);
}

function written(column: NewColumn): { table: string; name: string } {
  return { table: sqlName(column.table), name: quoted(column.name) };
}

function rewritingColumn(scope: Scope, column: NewColumn): Hit[] {
  const found = rewritingKind(scope, column);
  if (found === undefined) return [];
  const { table, name } = written(column);
  const message = `Adding ${name} (${found.what}) writes all of ${table} and its indexes anew under ACCESS EXCLUSIVE: reads and writes wait until that is done.`;
  const hit = { rule: 'rewriting-column', message, safer: found.safer(table, name) } as const;
  return [{ ...hit, work: 'rewrite', lock: lockOn(column.table, 'ACCESS EXCLUSIVE') }];
}

interface Rewriting {
  readonly what: string;
  readonly safer: (table: string, name: string) => string;
}

function rewritingKind(scope: Scope, column: NewColumn): Rewriting | undefined {
  const { type, constraints, typeText: written } = column;
  if (type !== undefined && /^(small|big)?serial[248]?$/.test(type.name)) {
    const base = /small|2/.test(type.name) ? 'smallint' : /big|8/.test(type.name) ? 'bigint' : 'integer';
    return { what: type.name, safer: safeNumbering(base, column.table.name, column.name) };
  }
  if (constraints.some(({ contype }) => contype === 'CONSTR_IDENTITY')) {
    return { what: 'an identity', safer: safeNumbering(written, column.table.name, column.name) };
  }
  const generated = constraints.find(({ contype }) => contype === 'CONSTR_GENERATED');
  if (generated !== undefined && generated.generated_kind !== 'v') {
    const expression = parenthesized(scope.text, generated.location);
    return { what: 'generated and stored', safer: safeGenerated(written, expression) };
  }
  const domain = type && find(scope.schema, scope.schema.types, { schema: type.schema, name: type.name });
  if (domain?.checked !== true) return undefined;
  const safer = (table: string, name: string): string =>
    script(
      `-- with the type below the domain in place of BASE_TYPE, and the domain's checks as constraints NOT VALID, validated later:`,
      `alter table ${table} add column ${name} BASE_TYPE;`,
    );
  return { what: `the domain ${domain.name}, which checks its values`, safer };
}

function safeNumbering(type: string, tableName: string, columnName: string): Rewriting['safer'] {
  return (table, name) => {
    const sequence = quoted(`${tableName}_${columnName}_seq`);
    return script(
      `create sequence ${sequence} as ${type};`,
      `alter table ${table} add column ${name} ${type};`,
      `alter table ${table} alter column ${name} set default nextval('${sequence}');`,
      `alter sequence ${sequence} owned by ${table}.${name};`,
      inBatches(table, `${name} = nextval('${sequence}')`, `${name} is null`),
    );
  };
}

function safeGenerated(type: string, expression: string): Rewriting['safer'] {
  return (table, name) =>
    script(
      '-- PostgreSQL 18: computed when it is read, nothing is written',
      `alter table ${table} add column ${name} ${type} generated always as ${expression} virtual;`,
      '-- before: an ordinary column, kept up to date by a trigger or the application',
      `alter table ${table} add column ${name} ${type};`,
      inBatches(table, `${name} = ${expression}`, `${name} is distinct from ${expression}`),
    );
}

function volatileDefault(scope: Scope, column: NewColumn): Hit[] {
  const constraint = column.constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT');
  const call = constraint && volatileCall(scope.schema, [constraint.raw_expr]);
  if (constraint === undefined || call === undefined) return [];
  const { table, name } = written(column);
  const expression = defaultText(scope, column, constraint);
  const why = call.certain
    ? `${call.name}() gives another value for each row, so`
    : `Unless ${call.name}() is known to be stable or immutable (it was not created by these migrations),`;
  const message = `${why} all of ${table} and its indexes are written anew under ACCESS EXCLUSIVE: reads and writes wait until that is done.`;
  const safer = script(
    `alter table ${table} add column ${name} ${column.typeText};`,
    `alter table ${table} alter column ${name} set default ${expression};`,
    inBatches(table, `${name} = default`, `${name} is null`),
    ...(column.constraints.some(({ contype }) => contype === 'CONSTR_NOTNULL')
      ? ['-- in a later migration:', safeNotNull(column.table, column.name)]
      : []),
  );
  return [
    {
      rule: 'volatile-default',
      message,
      safer,
      work: 'rewrite',
      lock: lockOn(column.table, 'ACCESS EXCLUSIVE'),
    },
  ];
}

/** The expression, up to the next constraint behind the same column. */
function defaultText(scope: Scope, { constraints }: NewColumn, constraint: Constraint): string {
  const start = constraint.location ?? 0;
  const ends = constraints.map(({ location }) => location ?? 0).filter(location => location > start);
  const text =
    ends.length === 0 ? fragment(scope.text, start) : between(scope.text, start, Math.min(...ends));
  return text.replace(/^default\s+/i, '');
}

function notNullColumn(scope: Scope, column: NewColumn): Hit[] {
  const { constraints, definition } = column;
  const kinds = constraints.map(({ contype }) => contype);
  const filled = ['CONSTR_IDENTITY', 'CONSTR_GENERATED'].some(kind => kinds.some(found => found === kind));
  const value = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT');
  const isNull =
    value?.raw_expr !== undefined && 'A_Const' in value.raw_expr && constantOf(value.raw_expr) === undefined;
  const serial = /serial/.test(column.type?.name ?? '');
  const required = kinds.includes('CONSTR_NOTNULL') || kinds.includes('CONSTR_PRIMARY');
  if (!required || filled || serial || (value !== undefined && !isNull)) return [];
  const { table, name } = written(column);
  const message = `Fails as soon as ${table} has a row: ${name} is NOT NULL and has no default. Running code that does not know the column could not insert any more, either.`;
  const safer = script(
    '-- with a default, nothing is written anew:',
    `alter table ${table} add column ${fragment(scope.text, definition.location)} default '…';`,
    '-- or, when the value differs from row to row:',
    `alter table ${table} add column ${name} ${column.typeText};`,
    '-- fill it in batches, then:',
    safeNotNull(column.table, column.name),
  );
  return [
    {
      rule: 'not-null-column',
      message,
      safer,
      work: 'brief',
      lock: lockOn(column.table, 'ACCESS EXCLUSIVE'),
    },
  ];
}

function behindColumn(scope: Scope, column: NewColumn, constraint: Constraint): Hit[] {
  const { table, name } = written(column);
  const plain = `alter table ${table} add column ${name} ${column.typeText};`;
  const conname = constraintName(scope.schema, column.table, constraint, column.name);
  const lock = lockOn(column.table, 'ACCESS EXCLUSIVE');
  if (constraint.contype === 'CONSTR_CHECK' && constraint.is_enforced !== false) {
    const message = `The CHECK behind ${name} makes PostgreSQL read all of ${table} under ACCESS EXCLUSIVE, although the column is new: reads and writes wait until that is done.`;
    const expression = parenthesized(scope.text, constraint.location);
    const safer = script(plain, safeCheck(column.table, conname, `check ${expression}`));
    return [{ rule: 'add-check', message, safer, lock, work: 'scan' }];
  }
  if (constraint.contype === 'CONSTR_UNIQUE' || constraint.contype === 'CONSTR_PRIMARY') {
    const kind = constraint.contype === 'CONSTR_UNIQUE' ? 'unique' : 'primary key';
    const message = `${kind.toUpperCase()} behind ${name} builds an index on ${table} under ACCESS EXCLUSIVE: reads and writes wait until that is done.`;
    const columns = columnsOf(scope.schema, constraint, column.name);
    const safer = script(plain, safeUnique(column.table, conname, kind, columns));
    return [{ rule: 'add-unique', message, safer, lock, work: 'index build' }];
  }
  const filled = column.constraints.some(({ contype }) => contype === 'CONSTR_DEFAULT');
  if (constraint.contype !== 'CONSTR_FOREIGN' || !filled) return [];
  const other = quotedName(nameOfRelation(constraint.pktable));
  const message = `With a default, the rows there are get a value, and each is looked up in ${other} under ACCESS EXCLUSIVE on ${table}: reads and writes of ${table} and writes of ${other} wait until that is done.`;
  const references = `foreign key (${name}) ${fragment(scope.text, constraint.location)}`;
  const withDefault = column.constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT');
  const value = withDefault === undefined ? '' : ` default ${defaultText(scope, column, withDefault)}`;
  const safer = script(
    `alter table ${table} add column ${name} ${column.typeText}${value};`,
    safeForeignKey(column.table, conname, references),
  );
  return [{ rule: 'add-foreign-key', message, safer, lock, work: 'scan' }];
}
