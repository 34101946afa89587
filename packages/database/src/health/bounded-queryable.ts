import { HoldfastError } from '@holdfast/core';
import type { Queryable, SqlQuery } from '@holdfast/postgres';

/** A Queryable that sends nothing more once `isOver` says so: `database_timeout` instead. */
export function boundedQueryable(db: Queryable, isOver: () => boolean): Queryable {
  const refuse = (): void => {
    if (isOver()) throw new HoldfastError('database_timeout', 'The time of this entry is used up');
  };
  return {
    query: async <Row>(query: SqlQuery<Row>) => {
      refuse();
      return db.query(query);
    },
    many: async <Row>(query: SqlQuery<Row>) => {
      refuse();
      return db.many(query);
    },
    one: async <Row>(query: SqlQuery<Row>) => {
      refuse();
      return db.one(query);
    },
    maybeOne: async <Row>(query: SqlQuery<Row>) => {
      refuse();
      return db.maybeOne(query);
    },
    execute: async query => {
      refuse();
      return db.execute(query);
    },
  };
}
