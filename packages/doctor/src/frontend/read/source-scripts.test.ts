import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scriptOf } from './source-scripts.ts';

const lines = (text: string) => text.split('\n').map(line => line.replaceAll(' ', ''));

describe('the program text of a component', () => {
  it('keeps every character of scripts and expressions at its place', () => {
    const text = [
      '<script lang="ts">',
      'const a = (): number => 1;',
      '</script>',
      '{#await load(a())',
      '  then b}{b()}{c()}{/await}',
      '<p on:click={() => save({ b })} class="{not()}">',
    ].join('\n');
    const script = scriptOf('a.svelte', text);
    assert.equal(script.lang, 'ts');
    assert.equal(script.text.length, text.length);
    for (const part of [
      'const a = (): number => 1;',
      'load(a())',
      'b()',
      'c()',
      '() => save({ b })',
      'not()',
    ])
      assert.equal(script.text.indexOf(part), text.indexOf(part), part);
    assert.equal(script.text.split('\n').length, text.split('\n').length);
  });

  it('takes statements in handlers of Vue, and leaves out slots, comments and what is no program', () => {
    const text = [
      '<template>',
      '<a @click="one(); two()" v-for="x in',
      ' list()" v-slot="{ a = b() }" :key="x => (" title="three()">{{ four() }}</a>',
      '<!-- {{ five() }} --><style>a { b: six() }</style>',
      '</template>',
    ].join('\n');
    assert.deepEqual(lines(scriptOf('a.vue', text).text), ['', ';one();two();', 'list();;(four())', '', '']);
  });
});
