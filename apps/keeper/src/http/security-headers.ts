import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { STATUS_PAGE_HASHES } from './status-page/page.ts';

/** Security headers for the keeper's own answers; those of the API server come from the API server. */
export async function registerSecurityHeaders(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: [STATUS_PAGE_HASHES.script],
        styleSrc: [STATUS_PAGE_HASHES.style],
        connectSrc: ["'self'"],
        imgSrc: ['data:'],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whoever terminates TLS decides about it for the whole domain.
    strictTransportSecurity: false,
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  });
}
