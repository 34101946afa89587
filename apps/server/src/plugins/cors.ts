import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const ONE_HOUR_S = 3_600;

/** Lets the listed origins, and no others, call with credentials. Without a list no origin but the server's own can. */
export async function installCors(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    // Requests with cookies also carry X-CSRF-Token; what the browser asks for is allowed to the listed origins.
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'Location'],
    maxAge: ONE_HOUR_S,
    strictPreflight: false,
  });
}
