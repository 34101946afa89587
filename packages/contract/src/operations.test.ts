import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_REGISTRY } from '@holdfast/core';
import { type Operation, type OperationDefinition, openApiDocument, operations } from './index.ts';

const all = Object.entries(operations) as [string, Operation<OperationDefinition>][];

test('operations are filed under their id, and no two share a method and path', () => {
  for (const [id, operation] of all) assert.equal(operation.operationId, id);
  const places = all.map(([, { method, path }]) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
  assert.deepEqual(places, [...new Set(places)]);
});

test('whatever takes a permission names it, and nothing else does', () => {
  for (const [id, { access, permission }] of all) {
    assert.equal(permission !== undefined, access === 'permission', id);
    if (permission !== undefined) assert.match(permission, /^[a-z]+:[a-z]+$/);
  }
});

test('the parameters in a path are those of its schema', () => {
  for (const [id, { path, params }] of all) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]);
    assert.deepEqual(inPath, Object.keys(params?.properties ?? {}), id);
  }
});

test('there is one successful response, and errors are errors', () => {
  for (const [id, { responses, errors }] of all) {
    const statuses = Object.keys(responses).map(Number);
    assert.equal(statuses.length, 1, id);
    assert.ok(
      statuses.every(status => status >= 200 && status < 300),
      id,
    );
    assert.ok(
      errors.every(code => ERROR_REGISTRY[code].status >= 400),
      id,
    );
    assert.deepEqual(errors, [...new Set(errors)], id);
  }
});

/** Unknown parameters of these are ignored, as RFC 6749 section 3.2 has it. */
const OPEN_FORMS = ['revokeToken', 'introspectToken'];

test('bodies and parameters take no unknown members', () => {
  for (const [id, { body, params, query }] of all) {
    if (OPEN_FORMS.includes(id)) continue;
    for (const schema of [body, params, query]) {
      if (schema === undefined || (schema as { type?: string }).type === 'string') continue;
      assert.equal((schema as { additionalProperties?: unknown }).additionalProperties, false, id);
    }
  }
});

test('the document names schemas instead of repeating them', () => {
  const document = openApiDocument(operations, { version: '1', serverUrl: '/' });
  const text = JSON.stringify(document);
  const references = new Set(
    [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(match => match[1]),
  );
  const { schemas } = document.components as { schemas: Record<string, unknown> };
  for (const name of references) assert.ok(name !== undefined && name in schemas, name);
  assert.ok(references.has('User') && references.has('Problem') && references.has('AdminUser'));
});
