import { HoldfastError } from '@holdfast/core';
import type { CopySource } from './copy/copy-source.ts';
import type { SqlQuery } from './sql.ts';

/**
 * Rows as plain objects. timestamptz is a `Date` (milliseconds; PostgreSQL keeps microseconds), bigint a number when it
 * is a safe integer and else a string, numeric a string, date and timestamp without time zone strings as PostgreSQL
 * writes them, json and jsonb parsed, bytea a Buffer.
 */
export interface QueryResult<Row> {
  rows: Row[];
  /** Rows returned, or changed by insert, update, delete and merge; 0 for statements that count nothing. */
  rowCount: number;
}

/** Something that runs statements: the pool, a transaction or a single connection. */
export interface Queryable {
  query<Row>(query: SqlQuery<Row>): Promise<QueryResult<Row>>;
  many<Row>(query: SqlQuery<Row>): Promise<Row[]>;
  /** The only row; throws `internal` when there is none or more than one. */
  one<Row>(query: SqlQuery<Row>): Promise<Row>;
  /** The only row or undefined; throws `internal` when there is more than one. */
  maybeOne<Row>(query: SqlQuery<Row>): Promise<Row | undefined>;
  /** The number of rows changed. */
  execute(query: SqlQuery<unknown>): Promise<number>;
}

/** Something that holds one connection, which COPY needs for as long as it takes. */
export interface Copyable {
  /**
   * Sends the data of a `copy … from stdin` with back pressure. The statement timeout counts from the first byte to the
   * last. @returns how many rows the server took.
   */
  copyIn(query: SqlQuery<unknown>, source: CopySource): Promise<number>;
  /** The data of a `copy … to stdout` in pieces, as it arrives. Whoever stops reading early ends the connection. */
  copyOut(query: SqlQuery<unknown>): AsyncGenerator<Buffer, void, undefined>;
}

/** A Queryable within one transaction. Usable until the work it was made for returns. */
export interface Transaction extends Queryable, Copyable {
  readonly isTransaction: true;
  /**
   * Runs a callback when, and only when, this transaction has been committed; not in an attempt that is rolled back, and
   * not when it is unknown whether the commit took place. Its errors are reported, never thrown: the commit stands.
   */
  afterCommit(callback: () => void | Promise<void>): void;
}

/** Whether what runs statements is a transaction. */
export function isTransaction(db: Queryable): db is Transaction {
  return 'isTransaction' in db;
}

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
  /** How often the work may be run again after a serialization failure or a deadlock. Default 3. */
  readonly retries?: number;
  /** A limit of its own for each statement of this transaction, in milliseconds; 0 for none. */
  readonly statementTimeoutMs?: number;
}

/**
 * Runs work in a transaction: committed when it resolves, rolled back when it rejects. The work is run again after
 * SQLSTATE 40001 and 40P01, so it must have no effects outside the database. Throws `commit_unknown` when the
 * connection broke during the commit; that is never retried.
 */
export type RunTransaction = <T>(
  work: (tx: Transaction) => Promise<T>,
  options?: TransactionOptions,
) => Promise<T>;

/** One connection of its own: a session, with its settings, locks and temporary tables. */
export interface Connection extends Queryable, Copyable {
  /** Runs any number of statements through the simple protocol, as one implicit transaction unless they say otherwise. */
  script(text: string): Promise<void>;
  readonly transaction: RunTransaction;
  /** Ends the session. Never throws; a server that does not answer is hung up on. */
  close(): Promise<void>;
  /**
   * Asks the server to break off the statement that is running, which then fails with 57014 (manual, "Canceling Requests in Progress").
   * Does nothing between statements. Resolves when the server has taken the request, or cannot be reached; never throws.
   */
  cancel(): Promise<void>;
  /** The process id of the backend, as in pg_stat_activity. */
  readonly processId: number;
}

type Run = <Row>(query: SqlQuery<Row>) => Promise<QueryResult<Row>>;

/** The Queryable on top of one function that runs a statement. */
export function createQueryable(run: Run): Queryable {
  return {
    query: run,
    many: async query => (await run(query)).rows,
    one: async query => {
      const { rows } = await run(query);
      const [row] = rows;
      if (rows.length !== 1 || row === undefined) throw unexpectedRows(query, 'one row', rows.length);
      return row;
    },
    maybeOne: async query => {
      const { rows } = await run(query);
      if (rows.length > 1) throw unexpectedRows(query, 'at most one row', rows.length);
      return rows[0];
    },
    execute: async query => (await run(query)).rowCount,
  };
}

function unexpectedRows(query: SqlQuery<unknown>, expected: string, count: number): HoldfastError {
  const statement = query.name ?? query.text.trim().replaceAll(/\s+/g, ' ').slice(0, 200);
  return new HoldfastError('internal', `Expected ${expected} but got ${count} from: ${statement}`);
}
