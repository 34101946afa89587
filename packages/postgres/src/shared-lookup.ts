export interface SharedLookupOptions<Row> {
  /** One statement for all of the keys, each of which is there once. Rows that do not exist are left out. */
  readonly find: (keys: string[]) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => string;
  /** The most keys in one statement. Default 100. */
  readonly maxKeys?: number;
}

/** The row of a key, read after the call; undefined when there is none. */
export type SharedLookup<Row> = (key: string) => Promise<Row | undefined>;

interface Batch<Row> {
  readonly keys: string[];
  readonly rows: Promise<ReadonlyMap<string, Row>>;
}

/**
 * Reads by key in which the calls of one turn of the event loop share one statement. A server under load reads many
 * requests in one turn, and the database then answers them with one round trip instead of one for each; alone, a call is
 * as fast as before. Nothing is remembered: a call never gets what was read before it. An error of the statement is the
 * error of all of its calls.
 */
export function createSharedLookup<Row>(options: SharedLookupOptions<Row>): SharedLookup<Row> {
  const { maxKeys = 100 } = options;
  let open: Batch<Row> | undefined;
  const begin = (): Batch<Row> => {
    const keys: string[] = [];
    const turn = new Promise<void>(resolve => setImmediate(resolve));
    const rows = turn.then(() => {
      if (open === batch) open = undefined;
      return findRows(options, keys);
    });
    const batch = { keys, rows };
    return batch;
  };
  return async key => {
    if (open === undefined || open.keys.length >= maxKeys) open = begin();
    open.keys.push(key);
    return (await open.rows).get(key);
  };
}

async function findRows<Row>(
  { find, keyOf }: SharedLookupOptions<Row>,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Row>> {
  const rows = await find([...new Set(keys)]);
  return new Map(rows.map(row => [keyOf(row), row]));
}
