import Type from 'typebox';
import { operation } from '../operation.ts';
import { NotReadyProblem } from '../schemas/problem.ts';
import { DatabaseHealth, Health, Jwks, Readiness, ServiceInfo } from '../schemas/system.ts';

export const systemOperations = {
  getServiceInfo: operation({
    operationId: 'getServiceInfo',
    method: 'GET',
    path: '/',
    summary: 'Name, version and where to go from here',
    tags: ['system'],
    access: 'public',
    database: 'none',
    responses: { 200: ServiceInfo },
  }),
  getHealth: operation({
    operationId: 'getHealth',
    method: 'GET',
    path: '/health',
    summary: 'Whether the process lives',
    description:
      'Says nothing about the database: a process must not be restarted because its database is away.',
    tags: ['system'],
    access: 'public',
    database: 'none',
    responses: { 200: Health },
  }),
  getReadiness: operation({
    operationId: 'getReadiness',
    method: 'GET',
    path: '/ready',
    summary: 'Whether requests should be sent here',
    description:
      'Checks the database, its schema and the keyring. 503 with the reasons otherwise, and while draining.',
    tags: ['system'],
    access: 'public',
    database: 'none',
    responses: { 200: Readiness },
    problem: NotReadyProblem,
    errors: ['not_ready'],
  }),
  getMetrics: operation({
    operationId: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    tags: ['system'],
    access: 'public',
    database: 'none',
    responses: { 200: Type.String() },
    responseType: 'text/plain',
  }),
  getDatabaseHealth: operation({
    operationId: 'getDatabaseHealth',
    method: 'GET',
    path: '/api/v1/health/database',
    summary: 'Round trip to the database and the state of the pool',
    database: 'connection',
    tags: ['system'],
    access: 'public',
    responses: { 200: DatabaseHealth },
  }),
  getJwks: operation({
    operationId: 'getJwks',
    method: 'GET',
    path: '/.well-known/jwks.json',
    summary: 'Public keys that verify access tokens',
    tags: ['system'],
    access: 'public',
    database: 'none',
    responses: { 200: Jwks },
  }),
};
