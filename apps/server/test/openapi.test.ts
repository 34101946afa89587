import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations } from '@holdfast/contract';
import { Validator } from '@seriousme/openapi-schema-validator';
import { testApp } from './support/test-app.ts';

test('a validator of the OpenAPI specification accepts /openapi.json', async t => {
  const { app } = await testApp(t);
  const response = await app.inject('/openapi.json');
  assert.equal(response.statusCode, 200);
  assert.match(String(response.headers['content-type']), /^application\/json/);
  const document = response.json();
  assert.equal(document.openapi, '3.1.0');
  assert.deepEqual(await new Validator().validate(document), { valid: true });
  const described = Object.values(document.paths).flatMap(path =>
    Object.values(path as Record<string, { operationId: string }>).map(({ operationId }) => operationId),
  );
  assert.deepEqual(described.sort(), Object.keys(operations).sort());
});

test('the documentation pages need nothing from elsewhere', async t => {
  const { app } = await testApp(t);
  const page = await app.inject('/docs');
  assert.equal(page.statusCode, 200);
  assert.match(String(page.headers['content-type']), /^text\/html/);
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /http|upgrade-insecure-requests|\*/);
  const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1] ?? '');
  assert.ok(links.length >= 5, page.body);
  for (const url of links) {
    assert.ok(url.startsWith('/docs/'), url);
    const asset = await app.inject(url);
    assert.equal(asset.statusCode, 200, url);
    assert.ok(asset.headers['content-security-policy'], url);
  }
  const initializer = await app.inject('/docs/static/swagger-initializer.js');
  assert.match(initializer.body, /"?validatorUrl"?:\s*null/);
});

test('the pages show the same document', async t => {
  const { app } = await testApp(t);
  const shown = (await app.inject('/docs/json')).json();
  assert.deepEqual(shown, (await app.inject('/openapi.json')).json());
});
