import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { envExample, SETTINGS } from '@holdfast/core';

const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');

test('.env.example is what the settings say; holdfast config --example writes it', () => {
  assert.equal(text, envExample());
});

test('.env.example names every variable', () => {
  for (const { variable } of Object.values(SETTINGS)) assert.ok(text.includes(`#${variable}=`), variable);
});
