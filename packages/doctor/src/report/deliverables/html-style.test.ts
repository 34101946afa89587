import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HTML_STYLE } from './html-style.ts';

/** The custom properties of the default scheme, the dark one and that of paper. */
const SCHEMES = [...HTML_STYLE.matchAll(/:root\{([^}]*)\}/g)].map(([, body = '']) =>
  Object.fromEntries(
    [...body.matchAll(/--([\w-]+):(#[0-9a-f]{3,6})/g)].map(([, name, value]) => [name, value]),
  ),
);

/** What is written on what. */
const PAIRS: readonly (readonly [string, string])[] = [
  ...['text', 'soft', 'link', 'bad', 'warn', 'good', 'plain'].map(name => [name, 'ground'] as const),
  ...['text', 'soft', 'link'].map(name => [name, 'panel'] as const),
  ...['bad', 'warn', 'good', 'plain'].map(name => [name, `${name}-ground`] as const),
  ...['bad', 'warn', 'good', 'plain'].map(name => ['text', `${name}-ground`] as const),
  ['lit-text', 'lit'],
  ['dim', 'dim-ground'],
  ['dim', 'ground'],
];

/** Relative luminance as WCAG 2.2 defines it. */
function luminance(hex: string): number {
  const full = hex.length === 4 ? [...hex.slice(1)].map(digit => digit + digit).join('') : hex.slice(1);
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map(at => {
    const share = Number.parseInt(full.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

it('has a contrast of at least 4.5 to 1 wherever something is written, in light, dark and print', () => {
  assert.equal(SCHEMES.length, 3);
  for (const scheme of SCHEMES) {
    const weak = PAIRS.flatMap(([ink, ground]) => {
      const ratio = contrast(scheme[ink] ?? '#777', scheme[ground] ?? '#777');
      return ratio >= 4.5 ? [] : [`${ink} on ${ground}: ${ratio.toFixed(2)}`];
    });
    assert.deepEqual(weak, []);
  }
});

it('names no colour that is not defined, and uses no other file', () => {
  const used = new Set([...HTML_STYLE.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name));
  assert.deepEqual(
    [...used].filter(name => !Object.hasOwn(SCHEMES[0] ?? {}, name ?? '')),
    [],
  );
  assert.ok(!/url\(|@import|<\//.test(HTML_STYLE));
});
