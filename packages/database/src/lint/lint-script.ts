import type { AlterTableStmt, Node } from 'libpg-query';
import type { MigrationScript } from '../migrate/migration.ts';
import { summary } from '../migrate/parse-migration.ts';
import { type Place, placeInStatement } from '../sql-script/place.ts';
import type { Statement } from '../sql-script/split-statements.ts';
import { refusesTransaction, statementKind } from '../sql-script/statement-kind.ts';
import { readDoBlock } from './do-block.ts';
import { blockedBy, type LintFinding } from './finding.ts';
import { locksOfAlter, locksTaken, stronger, type TakenLock } from './locks-taken.ts';
import { type ParsedStatement, parseOne } from './parse-one.ts';
import { LINT_RULES } from './rule-names.ts';
import { alterTableHits } from './rules/alter-table.ts';
import { longWorkHits } from './rules/long-work.ts';
import { milliseconds, type Setting, settingOf, settingsOfSelect } from './rules/settings.ts';
import { applyAlterTable } from './schema/apply-alter.ts';
import { applyStatement, resetSettings } from './schema/apply-statement.ts';
import { find, type KnownSchema, keyOf, relationNamed } from './schema/known-schema.ts';
import { nameOfParts, nameOfRelation, strings } from './schema/names.ts';
import { type HeldLock, type Hit, inUse, lockOn, type Scope, script as sqlScript } from './scope.ts';
import { statementHits } from './statement-hits.ts';

/** The reading of one file, statement by statement. */
interface Reading {
  readonly schema: KnownSchema;
  readonly script: MigrationScript;
  readonly parsed: readonly ParsedStatement[];
  readonly timeouts: Map<string, number>;
  held: HeldLock[];
  newEnumValues: Set<string>;
  /** Whether a stepwise script has a transaction of its own open. */
  open: boolean;
}

/** The findings of each statement of a script, which is put down in the schema on the way. */
export function lintScript(schema: KnownSchema, script: MigrationScript): LintFinding[][] {
  resetSettings(schema);
  const parsed = script.statements.map(({ text }) => parseOne(text));
  const reading: Reading = {
    schema,
    script,
    parsed,
    timeouts: new Map(),
    held: [],
    newEnumValues: new Set(),
    open: false,
  };
  beginTransaction(reading);
  return script.statements.map(statement => lintStatement(reading, statement));
}

function beginTransaction(reading: Reading): void {
  reading.schema.transaction++;
  reading.held = [];
  reading.newEnumValues = new Set();
}

function lintStatement(reading: Reading, statement: Statement): LintFinding[] {
  const inTransaction = reading.script.mode === 'transactional' || reading.open;
  if (!inTransaction) beginTransaction(reading);
  const hits = [...aboutTransactions(reading, statement, inTransaction)];
  const findings = hits.map(hit => toFinding(reading, statement, statement, hit));
  const parsed = reading.parsed[statement.index];
  if (parsed?.kind === 'error') return [...findings, syntaxError(reading, statement, parsed)];
  if (parsed?.kind !== 'statement') return findings;
  if ('DoStmt' in parsed.node) {
    return [...findings, ...lintBlock(reading, statement, parsed.node, inTransaction)];
  }
  return [...findings, ...lintNode(reading, statement, statement, parsed.node, inTransaction)];
}

function aboutTransactions(reading: Reading, statement: Statement, inTransaction: boolean): Hit[] {
  const kind = statementKind(statement);
  const ends = kind === 'commit' || kind === 'rollback';
  if (kind !== 'begin' && !ends) return refusedInTransaction(statement, inTransaction);
  if (reading.script.mode === 'stepwise') {
    reading.open = !ends;
    beginTransaction(reading);
    return [];
  }
  const message =
    'The migration is one transaction already, together with its row in the ledger; this would end it or do nothing.';
  const safer = sqlScript(
    '-- leave it out, or mark the section, which then is run statement by statement:',
    '-- migrate:up transaction:false',
  );
  return [{ rule: 'transaction-control', message, safer }];
}

function refusedInTransaction(statement: Statement, inTransaction: boolean): Hit[] {
  const detaches = /\bdetach\s+partition\b[\s\S]*\bconcurrently\b/i.test(statement.text);
  if (!inTransaction || !(refusesTransaction(statement) || detaches)) return [];
  const message = 'Fails: PostgreSQL refuses this statement inside a transaction, and the migration is one.';
  const safer = sqlScript(
    '-- in a file of its own whose section is marked:',
    '-- migrate:up transaction:false',
    `${statement.text};`,
  );
  return [{ rule: 'concurrently-in-transaction', message, safer }];
}

function syntaxError(
  reading: Reading,
  statement: Statement,
  { message, position }: { readonly message: string; readonly position: number },
): LintFinding {
  const place = placeInStatement(statement.text, statement, position);
  return toFinding(reading, statement, place, {
    rule: 'syntax-error',
    message: `PostgreSQL 18 cannot parse it: ${message}.`,
  });
}

function lintBlock(
  reading: Reading,
  statement: Statement,
  node: Extract<Node, { DoStmt: unknown }>,
  inTransaction: boolean,
): LintFinding[] {
  const { statements, hidden } = readDoBlock(statement.text, node.DoStmt);
  const placeOf = (line: number): Place => {
    if (line === 1) return statement;
    const indent = /^\s*/.exec(statement.text.split('\n')[line - 1] ?? '')?.[0].length ?? 0;
    return { line: statement.line + line - 1, column: indent + 1 };
  };
  const unseen = hidden.map(({ line, why }) =>
    toFinding(reading, statement, placeOf(line), {
      rule: 'opaque-block',
      message: `What this block locks cannot be told: ${why}.`,
    }),
  );
  const seen = statements.flatMap(({ text, line }) => {
    const parsed = parseOne(text);
    if (parsed.kind !== 'statement') return [];
    return lintNode(reading, { ...statement, text }, placeOf(line), parsed.node, inTransaction);
  });
  return [...unseen, ...seen];
}

function lintNode(
  reading: Reading,
  statement: Statement,
  place: Place,
  node: Node,
  inTransaction: boolean,
): LintFinding[] {
  const scope: Scope = {
    schema: reading.schema,
    inTransaction,
    text: statement.text,
    held: reading.held,
    // asked for by few rules, and a file may have many statements
    following: () => {
      const after = reading.parsed.slice(statement.index + 1);
      return after.flatMap(next => (next.kind === 'statement' ? [next.node] : []));
    },
    timeouts: reading.timeouts,
    newEnumValues: reading.newEnumValues,
  };
  const hits =
    'AlterTableStmt' in node
      ? alterTable(reading, scope, place, node.AlterTableStmt)
      : otherStatement(reading, scope, place, node);
  noteSettings(reading, node);
  noteEnumValue(reading, node);
  return hits.map(hit => toFinding(reading, statement, place, hit));
}

function alterTable(reading: Reading, scope: Scope, place: Place, statement: AlterTableStmt): Hit[] {
  const { schema } = reading;
  const name = nameOfRelation(statement.relation);
  const index = statement.objtype === 'OBJECT_INDEX' ? find(schema, schema.indexes, name) : undefined;
  const table = index?.table ?? relationNamed(schema, name);
  const commands = (statement.cmds ?? []).flatMap(node => ('AlterTableCmd' in node ? [node] : []));
  const taken = commands.flatMap(node => locksOfAlter(schema, table, node.AlterTableCmd));
  const together = withOwnLocks(scope, place, taken);
  const hits = commands.flatMap(node => {
    const locks = locksOfAlter(schema, table, node.AlterTableCmd);
    const found = alterTableHits(scope, table, node.AlterTableCmd).map(hit => withLock(scope, hit, locks));
    const long = found.some(isRefused) ? [] : longWorkHits(together, node);
    applyAlterTable(schema, table, node.AlterTableCmd);
    return [...found, ...long];
  });
  hold(reading, scope, place, taken);
  return hits;
}

/** All parts of one ALTER TABLE run under the strongest lock that any of them takes. */
function withOwnLocks(scope: Scope, { line }: Place, taken: readonly TakenLock[]): Scope {
  const own = taken
    .filter(({ relation, mode }) => inUse(scope, relation) && /writes/.test(blockedBy(mode)))
    .map(lock => ({ ...lock, line }));
  return own.length === 0 ? scope : { ...scope, inTransaction: true, held: [...scope.held, ...own] };
}

function otherStatement(reading: Reading, scope: Scope, place: Place, node: Node): Hit[] {
  const locks = locksTaken(reading.schema, node);
  const found = statementHits(scope, node).map(hit => withLock(scope, hit, locks));
  const hits = [...found, ...(found.some(isRefused) ? [] : longWorkHits(scope, node))];
  hold(reading, scope, place, locks);
  applyStatement(reading.schema, node);
  return hits;
}

function isRefused({ rule }: Hit): boolean {
  return LINT_RULES[rule][0] === 'refuse';
}

/** The strongest lock on a table in use, where the rule names none. */
function withLock(scope: Scope, hit: Hit, locks: readonly TakenLock[]): Hit {
  if (hit.lock !== undefined) return hit;
  const used = locks.filter(({ relation }) => inUse(scope, relation));
  const [first, ...rest] = used;
  if (first === undefined) return hit;
  const strongest = rest.reduce((a, b) => (stronger(a.mode, b.mode) === a.mode ? a : b), first);
  return { ...hit, lock: lockOn(strongest.relation, strongest.mode) };
}

function hold(reading: Reading, scope: Scope, { line }: Place, locks: readonly TakenLock[]): void {
  for (const { relation, mode } of locks) {
    if (inUse(scope, relation) && blockedBy(mode) !== 'nobody') reading.held.push({ relation, mode, line });
  }
}

function noteSettings({ timeouts }: Reading, node: Node): void {
  // ends with the transaction, which what is built concurrently is never in
  if ('VariableSetStmt' in node && node.VariableSetStmt.is_local === true) return;
  const settings: readonly Setting[] =
    'VariableSetStmt' in node
      ? settingOf(node.VariableSetStmt)
      : 'SelectStmt' in node
        ? settingsOfSelect(node.SelectStmt)
        : [];
  for (const { name, value } of settings) timeouts.set(name, milliseconds(value) ?? 0);
  if ('VariableSetStmt' in node && node.VariableSetStmt.kind !== 'VAR_SET_VALUE') {
    timeouts.delete(node.VariableSetStmt.name?.toLowerCase() ?? '');
  }
}

/** A value added to a type of the same transaction can be used at once. */
function noteEnumValue({ schema, newEnumValues }: Reading, node: Node): void {
  if (!('AlterEnumStmt' in node)) return;
  const { typeName, newVal, oldVal } = node.AlterEnumStmt;
  const type = find(schema, schema.types, nameOfParts(strings(typeName)));
  const created = type !== undefined && schema.types.get(keyOf(type))?.transaction === schema.transaction;
  if (oldVal === undefined && newVal !== undefined && !created) newEnumValues.add(newVal);
}

function toFinding(reading: Reading, statement: Statement, place: Place, hit: Hit): LintFinding {
  return {
    rule: hit.rule,
    level: LINT_RULES[hit.rule][0],
    file: reading.script.file,
    line: place.line,
    column: place.column,
    statement: summary(statement),
    message: hit.message,
    safer: hit.safer ?? '',
    lock: hit.lock,
    work: hit.work,
  };
}
