import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import fc from 'fast-check';
import { splitStatements } from './split-statements.ts';

const split = (text: string): string[] =>
  splitStatements({ file: '0001_test.sql', text }).map(statement => statement.text);

const CASES: readonly (readonly [name: string, script: string, statements: readonly string[]])[] = [
  ['nothing', '', []],
  ['only comments', '-- a;\n/* b; /* c; */ ; */ ;;', []],
  ['no final semicolon', 'select 1;select 2', ['select 1', 'select 2']],
  ['doubled quotes', "select 'it''s;';select ''';'''", ["select 'it''s;'", "select ''';'''"]],
  ['a backslash in a plain literal', "select 'C:\\';select 2", ["select 'C:\\'", 'select 2']],
  ['an E literal', "select E'\\';';select e'\\\\';", ["select E'\\';'", "select e'\\\\'"]],
  ['E belongs to the word before', "select name'x\\';select 2", ["select name'x\\'", 'select 2']],
  ['a continued E literal', "select E'a'\n  '\\';' ;select 2", ["select E'a'\n  '\\';'", 'select 2']],
  [
    'a literal continued past a comment',
    "select E'a' -- it's\n '\\';';select 2",
    ["select E'a' -- it's\n '\\';'", 'select 2'],
  ],
  ['a new literal on the same line', "select E'a' '\\';select 2", ["select E'a' '\\'", 'select 2']],
  ['other prefixes', "select B'1;',x'1;',N';',U&'\\0041;'", ["select B'1;',x'1;',N';',U&'\\0041;'"]],
  [
    'quoted identifiers',
    'select 1 as "a;""b;", U&"c;";select 2',
    ['select 1 as "a;""b;", U&"c;"', 'select 2'],
  ],
  ['a quote in a quoted identifier', 'select 1 as "it\'s";select 2', ['select 1 as "it\'s"', 'select 2']],
  ['dollar quotes', 'do $$ begin; end; $$;select 2', ['do $$ begin; end; $$', 'select 2']],
  ['tagged dollar quotes', 'do $a$ ;$$;$b$;$a$;select 2', ['do $a$ ;$$;$b$;$a$', 'select 2']],
  ['dollar signs in words', 'select a$b$;select c$b$', ['select a$b$', 'select c$b$']],
  ['parameters', 'prepare p as select $1;select $2', ['prepare p as select $1', 'select $2']],
  ['a tag cannot begin with a digit', 'select $1$2;select 3', ['select $1$2', 'select 3']],
  ['a non-ASCII tag', 'do $ü$;$ü$;select 2', ['do $ü$;$ü$', 'select 2']],
  ['nested comments', "select /* ; /* ; */ ' */ 1;select 2", ["select /* ; /* ; */ ' */ 1", 'select 2']],
  ['a comment at the end of a line', "select 1 -- it's; fine\n;select 2", ['select 1', 'select 2']],
  ['a comment after an operator', 'select 1 +--;\n2;select 3', ['select 1 +--;\n2', 'select 3']],
  ['a comment opened by an operator', 'select 2*/* ; */3;select 4', ['select 2*/* ; */3', 'select 4']],
  ['comments within quotes', "select '--;', '/*';select 2", ["select '--;', '/*'", 'select 2']],
  [
    'rules with several actions',
    'create rule r as on insert to a do also (delete from b; delete from c);select 2',
    ['create rule r as on insert to a do also (delete from b; delete from c)', 'select 2'],
  ],
  [
    'routines with a standard body',
    'create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end;select 3',
    [
      'create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end',
      'select 3',
    ],
  ],
  [
    'a procedure with a standard body',
    'create procedure p() BEGIN ATOMIC; insert into a values (1); END; select 3',
    ['create procedure p() BEGIN ATOMIC; insert into a values (1); END', 'select 3'],
  ],
  ['begin outside a routine', 'begin;select 1;end;select 2', ['begin', 'select 1', 'end', 'select 2']],
  [
    'a column named atomic',
    'select 1 as begin, 2 atomic;select 3',
    ['select 1 as begin, 2 atomic', 'select 3'],
  ],
  [
    'backslashes after standard_conforming_strings = off',
    "set standard_conforming_strings = off;select '\\';';select 2;set standard_conforming_strings to on;select '\\';select 3",
    [
      'set standard_conforming_strings = off',
      "select '\\';'",
      'select 2',
      'set standard_conforming_strings to on',
      "select '\\'",
      'select 3',
    ],
  ],
  ['carriage returns', 'select 1;\r\nselect 2 -- x\rfrom a', ['select 1', 'select 2 -- x\rfrom a']],
];

describe('splitStatements', () => {
  for (const [name, script, expected] of CASES) {
    it(name, () => assert.deepEqual(split(script), expected));
  }

  it('finds the same statements however their pieces are put together', () => {
    const pieces = [
      "'a;''b'",
      "E'\\';\\\\'",
      '"c;""d"',
      '$$;$x$;$$',
      '$x$;$$;$x$',
      '/* ; /* ; */ */',
      '-- ;\n',
      '(1; 2)',
      'word',
      '1.5e3',
      '$1',
      '::',
      'ab$c$',
    ];
    const statement = fc
      .array(fc.constantFrom(...pieces), { maxLength: 8 })
      .map(parts => ['select', ...parts, 'x'].join(' '));
    fc.assert(
      fc.property(fc.array(statement), statements => {
        assert.deepEqual(split(statements.join(';')), statements);
      }),
      { numRuns: 500 },
    );
  });

  it('says where each statement begins, and its first words', () => {
    const text = '-- header\n\nselect 1;\n  /* ü */ CREATE  /* x */ "Index" Unique Index;';
    const [first, second] = splitStatements({ file: 'x.sql', text });
    assert.deepEqual([first?.index, first?.line, first?.column, first?.words], [0, 3, 1, ['select']]);
    assert.deepEqual([second?.index, second?.line, second?.column], [1, 4, 11]);
    assert.deepEqual(second?.words, ['create', 'unique', 'index']);
  });

  it('reads only the part it is given, with lines of the whole file', () => {
    const text = 'select 0;\nselect 1;\nselect 2;';
    const statements = splitStatements({ file: 'x.sql', text, start: 9, end: 19 });
    assert.deepEqual(
      statements.map(statement => [statement.text, statement.line]),
      [['select 1', 2]],
    );
  });

  const REFUSED: readonly (readonly [script: string, line: number, problem: RegExp])[] = [
    ["select 1;\nselect 'abc;\n", 2, /a string literal begins here and never ends/],
    ['select 1;\n\nselect "abc;', 3, /a quoted identifier begins here/],
    ['do $body$ begin\n$body;', 1, /quoted with \$body\$ begins here/],
    ['select 1; /* a /* b */', 1, /a block comment begins here/],
    ['select 1;\n\\copy a from b', 2, /a psql command/],
  ];
  for (const [script, line, problem] of REFUSED) {
    it(`refuses ${JSON.stringify(script)}`, () => {
      assert.throws(
        () => split(script),
        error =>
          isHoldfastError(error, 'sql_file_invalid') &&
          error.details?.line === line &&
          error.message.startsWith(`0001_test.sql, line ${line}: `) &&
          problem.test(error.message),
      );
    });
  }
});
