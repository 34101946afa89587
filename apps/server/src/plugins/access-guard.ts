import type { Access } from '@holdfast/contract';
import type { FastifyInstance, RouteOptions } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call. A route without it does not get past the start. */
    access?: Access;
  }
}

/**
 * Denies by default: the server does not start with a route that says nothing about who may call it. OPTIONS is exempt,
 * since a preflight cannot authenticate.
 */
export function installAccessGuard(app: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', route => {
    routes.push(route);
  });
  app.addHook('onReady', done => {
    const open = routes.filter(route => route.config?.access === undefined && route.method !== 'OPTIONS');
    const names = open.map(({ method, url }) => `${[method].flat().join(',')} ${url}`);
    done(names.length === 0 ? undefined : new Error(`Routes without declared access: ${names.join('; ')}`));
  });
}

/** Declares the access of every route in a scope whose routes are made by somebody else. */
export function declareAccess(scope: FastifyInstance, access: Access): void {
  scope.addHook('onRoute', route => {
    route.config = { ...route.config, access };
  });
}
