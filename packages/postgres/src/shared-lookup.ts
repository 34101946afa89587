export interface SharedLookupOptions<Key, Row> {
  /** One statement for all of the keys, each of which is there once. Rows that do not exist are left out. */
  readonly find: (keys: Key[]) => Promise<readonly Row[]>;
  /** Calls whose keys have the same text share a row. */
  readonly nameOfKey: (key: Key) => string;
  /** The text of the key that a row belongs to. */
  readonly nameOfRow: (row: Row) => string;
  /** The most keys in one statement. Default 100. */
  readonly maxKeys?: number;
}

/** The row of a key, read after the call; undefined when there is none. */
export type SharedLookup<Key, Row> = (key: Key) => Promise<Row | undefined>;

interface Batch<Key, Row> {
  readonly keys: Map<string, Key>;
  readonly rows: Promise<ReadonlyMap<string, Row>>;
}

/**
 * Statements by key in which the calls of one turn of the event loop share one. A server under load reads many requests in
 * one turn, and the database then answers them with one round trip instead of one for each; alone, a call is as fast as
 * before. Nothing is remembered: a call never gets what was read before it. An error of the statement is the error of all
 * of its calls.
 */
export function createSharedLookup<Key, Row>(options: SharedLookupOptions<Key, Row>): SharedLookup<Key, Row> {
  const { maxKeys = 100, nameOfKey } = options;
  let open: Batch<Key, Row> | undefined;
  const begin = (): Batch<Key, Row> => {
    const keys = new Map<string, Key>();
    const turn = new Promise<void>(resolve => setImmediate(resolve));
    const rows = turn.then(() => {
      if (open === batch) open = undefined;
      return findRows(options, [...keys.values()]);
    });
    const batch = { keys, rows };
    return batch;
  };
  return async key => {
    if (open === undefined || open.keys.size >= maxKeys) open = begin();
    const name = nameOfKey(key);
    open.keys.set(name, key);
    return (await open.rows).get(name);
  };
}

async function findRows<Key, Row>(
  { find, nameOfRow }: SharedLookupOptions<Key, Row>,
  keys: Key[],
): Promise<ReadonlyMap<string, Row>> {
  return new Map((await find(keys)).map(row => [nameOfRow(row), row]));
}
