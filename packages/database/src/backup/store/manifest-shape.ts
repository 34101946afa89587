import {
  isFlag,
  isInteger,
  isObject,
  isText,
  isTime,
  listOf,
  matches,
  maybe,
  nullOr,
  oneOf,
  type Shape,
  withMembers,
} from './shape.ts';
import { nameProblem } from './stored-name.ts';

const isHash = matches(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal');
const isLsn = matches(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/, 'a WAL position');
const isDecimal = matches(/^-?\d+$/, 'a number in decimal text');

export const isBackupId = matches(
  /^\d{8}T\d{6}Z-(?:physical|logical|pgbackrest)-[a-z2-7]{4}$/,
  'the id of a backup',
);

const isPath: Shape = (value, place) => {
  const problem = typeof value === 'string' ? nameProblem(value) : 'it is not a text';
  return problem === undefined ? undefined : `${place} cannot be the name of a file: ${problem}`;
};

const POINTS: Readonly<Record<string, Shape>> = {
  physical: withMembers({
    timeline: isInteger,
    startLsn: isLsn,
    stopLsn: isLsn,
    consistentLsn: nullOr(isLsn),
    snapshotAt: isTime,
  }),
  logical: withMembers({ snapshotAt: isTime, lsn: nullOr(isLsn) }),
};

const isPoint: Shape = (value, place) => {
  const problem = isObject(value, place);
  if (problem !== undefined) return problem;
  const { kind } = value as { readonly kind?: unknown };
  const shape = typeof kind === 'string' && Object.hasOwn(POINTS, kind) ? POINTS[kind] : undefined;
  return shape === undefined ? `${place}.kind is neither physical nor logical` : shape(value, place);
};

const TABLE = withMembers({
  schema: isText,
  name: isText,
  columnsHash: isHash,
  rows: isInteger,
  checksum: nullOr(isDecimal),
  unread: maybe(isText),
});

const DATABASE = withMembers({
  name: isText,
  encoding: isText,
  owner: isText,
  bytes: isInteger,
  extensions: listOf(withMembers({ name: isText, version: isText, schema: isText })),
  tables: listOf(TABLE),
  sequences: listOf(
    withMembers({ schema: isText, name: isText, lastValue: nullOr(isDecimal), isCalled: isFlag }),
  ),
  migrations: nullOr(listOf(withMembers({ version: isText, name: isText, checksum: isText }))),
  catalog: isObject,
});

/** What a manifest of version 1 has at least. */
export const MANIFEST_SHAPE = withMembers({
  manifest: oneOf('holdfast-backup'),
  version: oneOf(1),
  id: isBackupId,
  engine: oneOf('physical', 'logical', 'pgbackrest'),
  createdAt: isTime,
  durationMs: isInteger,
  tool: withMembers({ name: oneOf('holdfast'), version: isText }),
  server: withMembers({ versionNumber: isInteger, systemIdentifier: nullOr(isDecimal), url: isText }),
  compression: oneOf('zstd', 'gzip', 'none'),
  encryption: nullOr(withMembers({ scheme: oneOf('age'), recipients: listOf(isText) })),
  point: isPoint,
  files: listOf(
    withMembers({ path: isPath, bytes: isInteger, originalBytes: nullOr(isInteger), sha256: isHash }),
  ),
  databases: listOf(DATABASE),
  contentMissing: nullOr(isText),
  sha256: isHash,
  seal: maybe(nullOr(withMembers({ keyId: matches(/^[0-9a-f]{16}$/, 'the id of a key'), hmac: isHash }))),
});

/** What a file with a validation holds. */
export const VALIDATION_SHAPE = withMembers({
  level: oneOf('files', 'decode', 'drill'),
  at: isTime,
  durationMs: isInteger,
  destination: isText,
  result: oneOf('valid', 'damaged'),
  problems: listOf(withMembers({ code: isText, subject: isText, message: isText })),
});
