import { type OperationId, operations } from '@holdfast/contract';
import * as fc from 'fast-check';
import type { TSchema } from 'typebox';

/** Text that breaks what is careless: SQL, JSON, encodings, prototypes, numbers, formats. */
const NASTY = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\uffff',
  '😀'.repeat(70),
  'é'.normalize('NFD'),
  "' or 1=1 --",
  '"; drop table users; --',
  '%',
  '%%%',
  '_',
  '\\',
  '\\u0000',
  '$1',
  '{}',
  '[]',
  'null',
  'undefined',
  'NaN',
  '-1',
  '0',
  '1e309',
  '9223372036854775808',
  '0x10',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '\r\nX-Injected: 1',
  '00000000-0000-0000-0000-000000000000',
  'urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057',
  '{01890a5d-ac96-774b-bcce-b302099a8057}',
  '0000-00-00T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '2016-12-31T23:59:60Z',
  '2020-02-30T00:00:00Z',
  '2020-01-01 00:00:00+24:00',
  'infinity',
  'a@b',
  'A@B.EXAMPLE',
  'a\u0085@b',
  'a\u180e@b',
  'x'.repeat(321),
  'x'.repeat(5_000),
  'admin',
  'users:read',
  'WyJhIl0',
  'W10',
  'WyIwIl0',
  'WyI5OTk5OTk5OTk5OTk5OTkiXQ',
];

const nastyText = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 60 }));
const nastyValue = fc.oneof(
  nastyText,
  fc.constantFrom(null, true, false, 0, -1, 1.5, 1e300, 2 ** 53, [], {}, [null], { a: { b: [] } }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Who asks, by what, and with which things in the places of ids. */
export type Caller = 'admin' | 'user' | 'nobody' | 'garbage';
export type IdSource = 'known' | 'unknown' | 'nasty';

export interface FuzzRequest {
  readonly operationId: OperationId;
  readonly method: string | undefined;
  readonly caller: Caller;
  readonly ids: readonly { readonly source: IdSource; readonly pick: number; readonly text: string }[];
  readonly query: readonly (readonly [string, string])[];
  readonly body: string | undefined;
  readonly contentType: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const ids = fc.array(
  fc.record({
    source: fc.constantFrom<IdSource>('known', 'known', 'known', 'unknown', 'nasty'),
    pick: fc.nat(),
    text: nastyText,
  }),
  { minLength: 2, maxLength: 2 },
);

const headerText = fc.string({ unit: fc.constantFrom(...'aZ09 ./:;=,"\\é'), maxLength: 40 });
const headers = fc.dictionary(
  fc.constantFrom(
    'x-request-id',
    'accept',
    'origin',
    'user-agent',
    'x-forwarded-for',
    'content-language',
    'cookie',
    'if-none-match',
  ),
  headerText,
  { maxKeys: 2 },
);

/** Any request of an operation: as its schemas say, nearly so, or nothing like it. */
export function fuzzRequest(operationId: OperationId): fc.Arbitrary<FuzzRequest> {
  const { body, query, bodyType } = operations[operationId] as {
    body?: TSchema;
    query?: TSchema;
    bodyType?: readonly string[];
  };
  return fc.record({
    operationId: fc.constant(operationId),
    method: fc.oneof(
      { arbitrary: fc.constant(undefined), weight: 30 },
      { arbitrary: fc.constantFrom('HEAD', 'OPTIONS', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE'), weight: 1 },
    ),
    caller: fc.constantFrom<Caller>('admin', 'admin', 'admin', 'user', 'nobody', 'garbage'),
    ids,
    query: queryOf(query),
    body: bodyOf(body, bodyType),
    contentType: contentTypeOf(bodyType ?? ['application/json']),
    headers,
  });
}

function queryOf(schema: TSchema | undefined): fc.Arbitrary<[string, string][]> {
  const names = Object.keys((schema as { properties?: object } | undefined)?.properties ?? {});
  const usual = fc.constantFrom(
    '1',
    '2',
    '200',
    'active',
    'deleted',
    'true',
    'false',
    'a',
    '2026-01-01T00:00:00Z',
    'user.*',
  );
  const pair = fc.tuple(
    names.length === 0
      ? nastyText
      : fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 8 }, { arbitrary: nastyText, weight: 1 }),
    fc.oneof(usual, nastyText),
  );
  return fc.array(pair, { maxLength: names.length === 0 ? 1 : 3 });
}

function bodyOf(
  schema: TSchema | undefined,
  bodyType: readonly string[] | undefined,
): fc.Arbitrary<string | undefined> {
  if (bodyType?.[0] === FORM) return fc.oneof({ arbitrary: form, weight: 10 }, nastyText);
  if (bodyType !== undefined) return fc.option(lines, { nil: undefined, freq: 20 });
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, TSchema>;
    required?: string[];
  };
  const good = fc.record(Object.fromEntries(Object.keys(properties).map(name => [name, plausible(name)])), {
    requiredKeys: required,
  });
  const nearly = fc
    .tuple(
      good,
      fc.dictionary(
        fc.constantFrom(...Object.keys(properties), 'extra', '__proto__', 'constructor', ''),
        nastyValue,
        { minKeys: 1, maxKeys: 2 },
      ),
    )
    .map(([base, spoiled]) => ({ ...base, ...spoiled }));
  const json = fc
    .oneof(
      { arbitrary: good, weight: 5 },
      { arbitrary: nearly, weight: 5 },
      { arbitrary: nastyValue, weight: 1 },
    )
    .map(value => JSON.stringify(value));
  const broken = fc.oneof(
    nastyText,
    json.map(text => text.slice(1)),
  );
  return fc.oneof(
    { arbitrary: json, weight: 10 },
    { arbitrary: broken, weight: 1 },
    { arbitrary: fc.constant(undefined), weight: 2 },
  );
}

/** `@…@` is replaced by something of the moment: see fill in the test. */
const PLAUSIBLE: Readonly<Record<string, readonly unknown[]>> = {
  email: ['@fresh@@example.com', '@fresh@@example.com', '@email@', 'Ada.Lovelace+tag@Example.COM'],
  password: ['a perfectly fine passphrase', 'too short'],
  currentPassword: ['a perfectly fine passphrase', 'wrong'],
  newPassword: ['another fine passphrase of mine'],
  refreshToken: ['@refreshToken@'],
  token: ['@accessToken@'],
  roles: [['user'], ['user', 'support'], []],
  name: ['r@fresh@', 'p@fresh@:use', 'admin'],
  emailVerified: [true, false],
  cookies: [true, false],
  phone: ['+49 30 123456', null],
  locale: ['de-DE', null],
  timeZone: ['Europe/Berlin', null],
  avatarUrl: ['https://example.com/a.png', null],
};

function plausible(name: string): fc.Arbitrary<unknown> {
  return fc.constantFrom(...(PLAUSIBLE[name] ?? ['Some text', 'Ünïcödé 😀']));
}

const record = fc
  .oneof(
    fc.record({ email: plausible('email'), roles: plausible('roles') }, { requiredKeys: ['email'] }),
    fc.dictionary(
      fc.constantFrom('email', 'displayName', 'passwordHash', 'emailVerified', 'roles', 'extra'),
      fc.oneof(fc.constantFrom<unknown>('import@example.com', ['user'], true), nastyValue),
      { maxKeys: 4 },
    ),
  )
  .map(value => JSON.stringify(value));
const cell = fc.oneof(
  nastyText,
  nastyText.map(text => `"${text.replaceAll('"', '""')}"`),
  fc.constantFrom('x@example.com', 'user', 'true'),
);
const csv = fc
  .tuple(
    fc.constantFrom('email', 'email,displayName', 'email,roles,emailVerified', 'nonsense', '"email'),
    fc.array(fc.array(cell, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
    fc.constantFrom('\n', '\r\n', '\r'),
  )
  .map(([head, rows, end]) => [head, ...rows.map(row => row.join(','))].join(end));
const lines = fc.oneof(
  fc.array(fc.oneof(record, nastyText), { maxLength: 6 }).map(all => all.join('\n')),
  csv,
);

const FORM = 'application/x-www-form-urlencoded';
const form = fc
  .array(
    fc.oneof(
      { arbitrary: fc.constantFrom(['token', '@refreshToken@'], ['token', '@accessToken@']), weight: 4 },
      fc.tuple(fc.constantFrom('token', 'token_type_hint', 'client_secret', '__proto__', ''), nastyText),
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map(pairs => pairs.map(([name = '', value = '']) => `${name}=${encoded(value)}`).join('&'));

function encoded(value: string): string {
  return value.startsWith('@') ? value : encodeURIComponent(value.toWellFormed());
}

function contentTypeOf(types: readonly string[]): fc.Arbitrary<string | undefined> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...types), weight: 10 },
    {
      arbitrary: fc.constantFrom(
        'text/plain',
        'application/json; charset=utf-16',
        'nonsense',
        '',
        'multipart/form-data',
        'text/csv; header=present',
      ),
      weight: 1,
    },
    { arbitrary: fc.constant(undefined), weight: 1 },
  );
}
