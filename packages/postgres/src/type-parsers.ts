import { type CustomTypesConfig, types } from 'pg';

// Type oids never change: src/include/catalog/pg_type.dat
const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const DATE_ARRAY = 1182;
const TIMESTAMP = 1114;
const TIMESTAMP_ARRAY = 1115;
const TEXT_ARRAY = 1009;

type Parser = (text: string) => unknown;

/** A number when that is exact, else the decimal text: counts and ids are usable as they are, nothing is ever rounded. */
function parseInt8(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

const asText: Parser = text => text;
const parseTextArray: (text: string) => (string | null)[] = types.getTypeParser(TEXT_ARRAY as number);

const PARSERS: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [INT8, parseInt8],
  [INT8_ARRAY, text => parseTextArray(text).map(item => (item === null ? null : parseInt8(item)))],
  // A day or a local time is no instant: the driver would read it in the time zone of this process.
  [DATE, asText],
  [DATE_ARRAY, parseTextArray],
  [TIMESTAMP, asText],
  [TIMESTAMP_ARRAY, parseTextArray],
]);

/** How column values become JavaScript values, for this package's own connections; the driver's defaults stay as they are. */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && PARSERS.get(oid)) ||
    types.getTypeParser(oid, format as 'text')) as typeof types.getTypeParser,
};
