import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { leaveOutExtensions, listWithoutExtensions } from './leave-out-extensions.ts';

const HEAD = `--
CREATE EXTENSION IF NOT EXISTS amcheck WITH SCHEMA pg_catalog;
COMMENT ON EXTENSION amcheck IS 'functions for verifying ''relation'' integrity';
CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
CREATE TABLE public.notes (body text);
`;
const ROWS = `COPY public.notes (body) FROM stdin;
CREATE EXTENSION IF NOT EXISTS amcheck WITH SCHEMA pg_catalog;
Grüße
\\.
`;
const LEFT =
  '--\n\n\n\nCREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;\nCREATE TABLE public.notes (body text);\n';

test('only statements go, never rows that look like them, however the bytes are cut', async () => {
  const bytes = Buffer.from(HEAD + ROWS);
  for (const size of [1, 7, 64, 10_000]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const { stream, leftOut } = leaveOutExtensions(['amcheck', 'uuid-ossp', 'postgis']);
    assert.equal(await text(Readable.from(pieces).pipe(stream)), LEFT + ROWS, `${size} bytes at a time`);
    assert.deepEqual([...leftOut], ['amcheck', 'uuid-ossp']);
  }
});

test('without names everything passes as it is', async () => {
  const { stream } = leaveOutExtensions([]);
  assert.equal(await text(Readable.from([Buffer.from(HEAD)]).pipe(stream)), HEAD);
});

test('a list of pg_restore loses the extension and the comment on it', () => {
  const kept = ['; Archive', '3; 3079 17 EXTENSION - citext ', '5; 1259 20 TABLE public amcheck app'];
  const gone = ['2; 3079 16385 EXTENSION - amcheck ', '9; 0 0 COMMENT - EXTENSION amcheck '];
  const { list, leftOut } = listWithoutExtensions([...kept, ...gone].join('\n'), ['amcheck']);
  assert.equal(list, kept.join('\n'));
  assert.deepEqual([...leftOut], ['amcheck']);
});
