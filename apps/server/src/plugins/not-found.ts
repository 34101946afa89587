import { operations } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import { OPENAPI_PATH } from './openapi.ts';

const templates = [
  ...Object.values(operations).map(({ method, path }) => ({
    method: method as string,
    pattern: pathPattern(path),
  })),
  { method: 'GET', pattern: pathPattern(OPENAPI_PATH) },
];

/** Methods that a path answers to, in the form of an Allow header; undefined for a path that does not exist. */
export function allowedMethods(path: string): string | undefined {
  const methods = templates.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  if (methods.length === 0) return undefined;
  return [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])]
    .sort()
    .join(', ');
}

function pathPattern(path: string): RegExp {
  const escaped = path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${escaped}$`);
}

/** Answers unknown paths with 404, known ones under another method with 405, and OPTIONS without asking who calls. */
export function installNotFound(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const allow = allowedMethods(path);
    if (allow === undefined)
      throw new HoldfastError('not_found', 'There is nothing at this path. See /docs.');
    reply.header('allow', allow);
    if (request.method === 'OPTIONS') return reply.code(204).send();
    throw new HoldfastError('method_not_allowed', `This path answers to ${allow}.`);
  });
}
