import { createHash } from 'node:crypto';
import { quoteName, quoteText } from '../statement.ts';

/** Rows that had to make way are kept here, each time in a table of its own, until somebody has looked at them. */
const QUARANTINE = 'holdfast_quarantine';

const TABLE_BYTES = 32;

/** Rows of a table that are put aside by one repair. */
export interface Quarantine {
  /** As SQL writes it. */
  readonly name: string;
  /** Moves the rows that a condition on `t` chooses; `guard` refuses when it finds one that must not be moved. */
  move(condition: string, guard: readonly string[]): readonly string[];
  /** Puts them back. */
  readonly back: readonly string[];
}

interface Place {
  /** As SQL writes it. */
  readonly table: string;
  /** The bare name. */
  readonly name: string;
  /** Those that can be written, as SQL writes them. */
  readonly columns: readonly string[];
  readonly runId: string;
  /** What tells this repair from others of the same run and table. */
  readonly reason: string;
}

export function quarantineFor({ table, name, columns, runId, reason }: Place): Quarantine {
  const tail = createHash('sha256').update(`${runId} ${reason}`).digest('hex').slice(0, 8);
  const own = Buffer.from(name)
    .subarray(0, TABLE_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
  const kept = quoteName(QUARANTINE, `${own}_${runId.slice(0, 16)}_${tail}`);
  const list = columns.join(', ');
  const chosen = (condition: string): string => `select t.ctid from only ${table} t where ${condition}`;
  return {
    name: kept,
    move: (condition, guard) => [
      `create schema if not exists ${quoteName(QUARANTINE)}`,
      `comment on schema ${quoteName(QUARANTINE)} is ${quoteText('Rows that repairs had to put aside. Look at them, then drop their tables.')}`,
      `lock table ${table} in share row exclusive mode`,
      ...guard,
      `create table ${kept} as select t.* from only ${table} t where t.ctid = any (array(${chosen(condition)}))`,
      `delete from only ${table} where ctid = any (array(${chosen(condition)}))`,
    ],
    back: [
      `insert into ${table} (${list}) overriding system value select ${list} from ${kept}`,
      `drop table ${kept}`,
    ],
  };
}
