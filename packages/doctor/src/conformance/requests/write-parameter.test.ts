import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiParameter } from '../document/api-operation.ts';
import { headerText, pathText, queryPairs } from './write-parameter.ts';

function parameter(part: Partial<ApiParameter>): ApiParameter {
  const defaults = { name: 'color', place: 'path', required: true, style: 'simple', explode: false } as const;
  return {
    ...defaults,
    allowReserved: false,
    schema: undefined,
    mediaType: undefined,
    examples: [],
    ...part,
  };
}

const TEXT = 'blue';
const LIST = ['blue', 'black', 'brown'];
const OBJECT = { R: 100, G: 200, B: 150 };

/** The table "Style Examples" of the OpenAPI specification. */
const PATHS: readonly [style: string, explode: boolean, text: string, list: string, object: string][] = [
  ['matrix', false, ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
  ['matrix', true, ';color=blue', ';color=blue;color=black;color=brown', ';R=100;G=200;B=150'],
  ['label', false, '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
  ['label', true, '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
  ['simple', false, 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
  ['simple', true, 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
];

const QUERIES: readonly [style: string, explode: boolean, value: unknown, text: string][] = [
  ['form', true, TEXT, 'color=blue'],
  ['form', false, LIST, 'color=blue,black,brown'],
  ['form', true, LIST, 'color=blue&color=black&color=brown'],
  ['form', false, OBJECT, 'color=R,100,G,200,B,150'],
  ['form', true, OBJECT, 'R=100&G=200&B=150'],
  ['spaceDelimited', false, LIST, 'color=blue%20black%20brown'],
  ['pipeDelimited', false, LIST, 'color=blue%7Cblack%7Cbrown'],
  ['deepObject', true, OBJECT, 'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150'],
];

describe('a parameter is written as its style says', () => {
  for (const [style, explode, ...expected] of PATHS) {
    it(`in the path, ${style}${explode ? ', exploded' : ''}`, () => {
      const written = [TEXT, LIST, OBJECT].map(value => pathText(parameter({ style, explode }), value));
      assert.deepEqual(written, expected);
    });
  }
  for (const [style, explode, value, text] of QUERIES) {
    it(`in the query, ${style}${explode ? ', exploded' : ''}: ${JSON.stringify(value)}`, () => {
      assert.equal(queryPairs(parameter({ place: 'query', style, explode }), value).join('&'), text);
    });
  }

  it('encoded, unless reserved characters may stay', () => {
    const query = { place: 'query', style: 'form' } as const;
    assert.deepEqual(queryPairs(parameter(query), 'a/b&c d'), ['color=a%2Fb%26c%20d']);
    assert.deepEqual(queryPairs(parameter({ ...query, allowReserved: true }), 'a/b&c d'), [
      'color=a/b%26c%20d',
    ]);
    assert.equal(pathText(parameter({}), 'a/b?'), 'a%2Fb%3F');
    assert.deepEqual(queryPairs(parameter({ ...query, mediaType: 'application/json' }), { a: 1 }), [
      'color=%7B%22a%22%3A1%7D',
    ]);
  });

  it('in headers as it is where that is possible', () => {
    assert.equal(headerText(parameter({ place: 'header' }), LIST), 'blue,black,brown');
    assert.equal(headerText(parameter({ place: 'header' }), 'Zoë'), 'Zo%C3%AB');
  });
});
