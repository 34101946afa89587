/** A table of values that are easily spoilt on their way, with what the types need. */
export const TYPES = `
  create schema extra; create extension citext schema extra;
  create type mood as enum ('sad', 'so-so', 'it''s "fine", \\{really}');
  create domain positive as numeric check (value > 0 or value = 'NaN');
  create type point3 as (x int, label text, m mood);
  create table kinds (
    id extra.citext primary key, n numeric, d positive, f8 float8, f4 float4, t text, c char(5), v varchar(10),
    b bytea, ts timestamp, tz timestamptz, day date, iv interval, j json, jb jsonb, m mood, ms mood[], p point3, ps point3[],
    a int[], tt text[], u uuid, ip inet, cd cidr, r tstzrange, mr int4multirange, xm xml, bits bit varying, tsv tsvector,
    pt point, cash money, rel regclass, q "char", nm name, oi oidvector,
    g text generated always as (coalesce(t, '') || '!') stored, num bigint generated always as identity
  );
  insert into kinds (id, n, d, f8, f4, t, c, v, b, ts, tz, day, iv, j, jb, m, ms, p, ps, a, tt, u, ip, cd, r, mr, xm, bits, tsv, pt, cash, rel, q, nm, oi)
  values
  ('Ab', 1.00, 'NaN', '-0', 1e-45, E'tab\\tnl\\ncr\\rback\\\\slash \\\\. \\\\N', 'ab', '', '\\x00ff', '4713-01-01 00:00:00 BC', 'infinity',
    '0044-03-15 BC', '1 year -2 mons 3 days -04:05:06.789', '{"a":1, "a":  1.00}', '{"a":1.00}', 'it''s "fine", \\{really}',
    array['sad', null]::mood[], row(1, null, 'sad')::point3, array[row(null, null, null)::point3, null], '[0:1]={1,2}',
    array['NULL', null, '', 'a"b\\c'], '00000000-0000-0000-0000-000000000001', '10.0.0.1/8', '10.0.0.0/8',
    '[2020-01-01,infinity)', '{[1,3),[5,7)}', '<a>&amp;</a>', B'0101', 'a:1A b', '(1e300,-0)', '-1234.56', 'kinds', 'x', 'n', '1 2'),
  ('b', 'Infinity', null, 'NaN', '-Infinity', null, null, null, '', '-infinity', '2026-03-29 01:30:00.123456+02', 'infinity', null,
    'null', 'null', null, '{}', row(null, null, null)::point3, '{}', '{}', '{}', null, '::1', null, 'empty', '{}', null, B'', '',
    null, null, null, null, '', ''),
  ('c', 123456789012345678901234567890.123456789000, 0.10, 0.1, 0.1, '', '     ', ' ', null, '294276-12-31 23:59:59.999999', '4714-11-24 00:00:00+00 BC',
    '5874897-12-31', '-178000000 years', '[1,2 , 3]', '{"b":[],"a":{}}', 'so-so', null, null, null, array[[1,2],[3,4]], null, null, null,
    null, '(,)', null, null, null, null, null, null, null, null, null, null),
  ('d', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
    null, null, null, null, null, null, null, null, null, null, null);
`;

/** Damages that only an exact comparison sees: equal by the operators of the types, and not the same. */
export const EQUAL_BUT_OTHER = `
  update kinds set n = 1.0, f8 = 0, id = 'aB', c = c, jb = '{"a":1.0}', j = '{"a":1, "a": 1.00}' where id = 'Ab';
`;
