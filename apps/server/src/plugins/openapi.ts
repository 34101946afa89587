import helmet from '@fastify/helmet';
import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { openApiDocument, operations } from '@holdfast/contract';
import type { FastifyInstance } from 'fastify';
import { VERSION } from '../version.ts';
import { declareAccess } from './access-guard.ts';
import { DOCS_POLICY } from './security-headers.ts';

export const DOCS_PATH = '/docs';
export const OPENAPI_PATH = '/openapi.json';

/** Serves the OpenAPI document and pages to browse it. Everything comes from this server; nothing is fetched elsewhere. */
export async function installOpenApi(app: FastifyInstance, publicUrl: string | undefined): Promise<void> {
  const document = openApiDocument(operations, { version: VERSION, serverUrl: publicUrl ?? '/' });
  const text = JSON.stringify(document);
  app.get(OPENAPI_PATH, { config: { access: 'public' } }, (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('application/json').send(text),
  );
  await app.register(async docs => {
    declareAccess(docs, 'public');
    await docs.register(helmet, { contentSecurityPolicy: false, strictTransportSecurity: true });
    await docs.register(swagger, {
      mode: 'static',
      specification: { document } as unknown as StaticDocumentSpec,
    });
    await docs.register(swaggerUi, {
      routePrefix: DOCS_PATH,
      staticCSP: DOCS_POLICY,
      // null: no call to the public validator
      uiConfig: { validatorUrl: null, persistAuthorization: false, docExpansion: 'list' },
      theme: { title: 'Holdfast API' },
    });
  });
}
