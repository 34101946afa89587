import { type Connection, sql } from '@holdfast/postgres';
import type { NoPlan, RepairPlan } from '../repair-plan.ts';
import { quoteText, statement } from '../statement.ts';
import { quarantineFor } from './quarantine.ts';
import { listReferences, type Reference, readTableFacts, type TableFacts } from './table-facts.ts';

interface UniqueKey {
  readonly table: string;
  readonly keys: readonly string[];
  readonly predicate: string | undefined;
  readonly nullsNotDistinct: boolean;
}

interface Request {
  /** As pg_get_indexdef writes it. */
  readonly definition: string;
  readonly index: string;
  readonly runId: string;
}

/** The index itself is in doubt: what it says is not asked. */
const WITHOUT_INDEXES = ['enable_indexscan', 'enable_bitmapscan', 'enable_indexonlyscan'].map(
  setting => `set local ${setting} = off`,
);

/**
 * Keeps the oldest row of each key and puts the younger ones aside. Undefined when there are none; refused when other rows refer to one
 * that would go, for which of them is right, only a person can tell.
 */
export async function quarantineDuplicates(
  db: Connection,
  { definition, index, runId }: Request,
): Promise<RepairPlan | NoPlan | undefined> {
  const key = parseUniqueIndex(definition);
  if (key === undefined)
    return { cannot: `the duplicates under ${index} cannot be told apart: ${definition}` };
  const facts = await readTableFacts(db, key.table);
  if (facts === undefined || facts.kind !== 'r') return { cannot: `${key.table} is no ordinary table` };
  const younger = youngerRows(facts, key);
  const amount = await countRows(db, facts, younger);
  if (amount === 0) return undefined;
  const references = await listReferences(db, facts.table);
  const shared = references.find(({ parentColumns }) => parentColumns.every(name => key.keys.includes(name)));
  if (shared !== undefined)
    return {
      cannot: `rows of ${shared.child} refer to this very key, so which row they mean cannot be told`,
    };
  const referred = await findReferred(db, { facts, references, younger });
  if (referred !== undefined) return { cannot: referredInWords(referred) };
  const quarantine = quarantineFor({
    ...{ table: facts.table, name: facts.name, columns: facts.columns, runId },
    reason: index,
  });
  const statements = [
    ...WITHOUT_INDEXES,
    ...quarantine.move(
      younger,
      references.map(reference => refuseReferred(facts, reference, younger)),
    ),
  ];
  return {
    risk: 'confirm',
    effect: 'data',
    touches: [`${facts.schema}.${facts.name}`],
    undo: `${quarantine.back.join('; ')};`,
    steps: [
      {
        what: `Put ${amount} younger rows of ${facts.name} aside, into ${quarantine.name}`,
        command: `${statements.join(';\n')};`,
        action: { kind: 'transaction', as: 'owner', statements, undo: quarantine.back },
      },
    ],
  };
}

/** A condition on `t` that chooses all rows of a key but the oldest. */
function youngerRows(facts: TableFacts, { keys, predicate, nullsNotDistinct }: UniqueKey): string {
  const conditions = [
    ...(predicate === undefined ? [] : [`(${predicate})`]),
    ...(nullsNotDistinct ? [] : keys.map(key => `(${key}) is not null`)),
  ];
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const age = [...(facts.hasCreatedAt ? ['created_at'] : []), ...facts.key, 'ctid'].join(', ');
  const ranked = `select ctid as place, pg_catalog.row_number() over (partition by ${keys.join(', ')} order by ${age}) as n from only ${facts.table}${where}`;
  return `t.ctid in (select place from (${ranked}) ranked where n > 1)`;
}

async function countRows(db: Connection, { table }: TableFacts, condition: string): Promise<number> {
  return db.transaction(
    async tx => {
      for (const setting of WITHOUT_INDEXES) await tx.query(statement(setting));
      const { amount } = await tx.one(
        sql<{
          amount: number;
        }>`select count(*) as amount from only ${statement(table)} t where ${statement(condition)}`,
      );
      return Number(amount);
    },
    { readOnly: true },
  );
}

interface Going {
  readonly facts: TableFacts;
  readonly references: readonly Reference[];
  readonly younger: string;
}

/** The first reference by which a row of another table refers to one that would go. */
async function findReferred(
  db: Connection,
  { facts, references, younger }: Going,
): Promise<Reference | undefined> {
  return db.transaction(
    async tx => {
      for (const setting of WITHOUT_INDEXES) await tx.query(statement(setting));
      for (const reference of references) {
        const { found } = await tx.one(
          sql<{ found: boolean }>`select ${statement(isReferred(facts, reference, younger))} as found`,
        );
        if (found) return reference;
      }
      return undefined;
    },
    { readOnly: true },
  );
}

/** Refuses while a row of another table refers to one that would go: it may have come since the plan was made. */
function refuseReferred(facts: TableFacts, reference: Reference, younger: string): string {
  return `do ${quoteText(`begin
  if ${isReferred(facts, reference, younger)} then
    raise exception using message = ${quoteText(referredInWords(reference))};
  end if;
end`)}`;
}

function isReferred(
  { table }: TableFacts,
  { child, childColumns, parentColumns }: Reference,
  younger: string,
): string {
  const equal = childColumns.map((column, index) => `c.${column} = t.${parentColumns[index]}`).join(' and ');
  return `exists (select from only ${table} t join ${child} c on ${equal} where ${younger})`;
}

function referredInWords({ child, name }: Reference): string {
  return `rows of ${child} refer by ${name} to rows that would be put aside: point them to the ones that stay first`;
}

/**
 * What pg_get_indexdef wrote, as far as grouping by it means the same: no classes of operators, no orders. Undefined for anything else.
 */
function parseUniqueIndex(definition: string): UniqueKey | undefined {
  const [, table, rest] =
    /^create unique index (?:.+?) on (?:only )?(\S+|".+?"\."[^"]+") using btree (\(.*)$/is.exec(definition) ??
    [];
  if (table === undefined || rest === undefined) return undefined;
  const end = closingBracket(rest);
  const keys = splitList(rest.slice(1, end));
  const tail = rest.slice(end + 1);
  if (keys.some(key => /(\s(asc|desc)\b|\snulls (first|last)\b|_ops$)/i.test(key))) return undefined;
  const predicate = /\swhere\s(.*)$/is.exec(tail)?.[1];
  return { table, keys, predicate, nullsNotDistinct: /nulls not distinct/i.test(tail) };
}

/** The place of the bracket that closes the first one. */
function closingBracket(text: string): number {
  let depth = 0;
  for (const [index, char] of [...text].entries()) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return text.length;
}

/** Splits at commas outside of brackets. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const [index, char] of [...text].entries()) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === ',' && depth === 0) {
      parts.push(text.slice(from, index).trim());
      from = index + 1;
    }
  }
  return [...parts, text.slice(from).trim()];
}
