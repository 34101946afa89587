import type { ColumnWidth, StoredRelation } from './bloat-queries.ts';

// PostgreSQL manual, Database Page Layout: sizes in bytes
const PAGE_HEADER = 24;
const ITEM_POINTER = 4;
const HEAP_HEADER = 23;
const INDEX_HEADER = 8;
/** The header of an index tuple with its bitmap of nulls. */
const INDEX_HEADER_WITH_NULLS = 16;
const BTREE_SPECIAL = 16;
const MAX_ALIGNMENT = 8;
/** Values of varying length up to here have a header of one byte and are not aligned. */
const SHORT_VALUE = 127;

/**
 * The pages a freshly written table would have, by the average widths of its columns with their alignment. Undefined when a
 * column has no statistics.
 */
export function expectedTablePages({ rows, columns, block, fillfactor }: StoredRelation): number | undefined {
  const data = dataWidth(columns);
  if (data === undefined) return undefined;
  const hasNulls = columns.some(({ nulls }) => (nulls ?? 0) > 0);
  const header = align(HEAP_HEADER + (hasNulls ? Math.ceil(columns.length / 8) : 0), MAX_ALIGNMENT);
  const room = (block - PAGE_HEADER) * (fillfactor / 100);
  return pagesFor(rows, align(header + data, MAX_ALIGNMENT), room);
}

/** The leaf pages a freshly built B-tree would have if no two entries were alike. Undefined without statistics. */
export function expectedIndexPages({ rows, columns, block, fillfactor }: StoredRelation): number | undefined {
  const data = dataWidth(columns);
  if (data === undefined) return undefined;
  const hasNulls = columns.some(({ nulls }) => (nulls ?? 0) > 0);
  const tuple = align((hasNulls ? INDEX_HEADER_WITH_NULLS : INDEX_HEADER) + data, MAX_ALIGNMENT);
  return pagesFor(rows, tuple, (block - PAGE_HEADER - BTREE_SPECIAL) * (fillfactor / 100));
}

function pagesFor(rows: number, tuple: number, room: number): number {
  const each = Math.max(1, Math.floor(room / (tuple + ITEM_POINTER)));
  return Math.ceil(rows / each);
}

/** Lays one row of average values out as PostgreSQL would. */
function dataWidth(columns: readonly ColumnWidth[]): number | undefined {
  let offset = 0;
  for (const { width, nulls, alignment, varies } of columns) {
    if (width === null || nulls === null) return undefined;
    const present = 1 - nulls;
    const isShort = varies && width < SHORT_VALUE;
    const padding = isShort ? 0 : align(Math.ceil(offset), alignment) - Math.ceil(offset);
    offset += present * (padding + width);
  }
  return Math.ceil(offset);
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
