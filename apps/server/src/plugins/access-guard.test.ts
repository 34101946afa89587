import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { declareAccess, installAccessGuard } from './access-guard.ts';

test('a route that does not say who may call it stops the start', async () => {
  const app = Fastify();
  installAccessGuard(app);
  app.get('/open', { config: { access: 'public' } }, () => 'fine');
  app.post('/forgotten', () => 'not fine');
  await assert.rejects(async () => app.ready(), /Routes without declared access: POST \/forgotten$/);
});

test('a scope can declare the access of routes that others make', async () => {
  const app = Fastify();
  installAccessGuard(app);
  await app.register(async scope => {
    declareAccess(scope, 'public');
    scope.get('/page', { config: {} }, () => 'fine');
  });
  app.options('*', () => '');
  await app.ready();
  assert.equal((await app.inject('/page')).body, 'fine');
  await app.close();
});
