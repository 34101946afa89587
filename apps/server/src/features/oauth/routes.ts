import { findSessionClient } from '@holdfast/auth';
import {
  type AuthorizationServerMetadata,
  type Introspection,
  operations,
  REFRESH_TOKEN_PREFIX,
} from '@holdfast/contract';
import { type ConfidentialClient, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '../../operations/actor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import { DOCS_PATH } from '../../plugins/openapi.ts';
import type { Services } from '../../services.ts';
import { activeToken } from '../auth/token-state.ts';
import { authenticateClient } from './client-authentication.ts';

const AUTHENTICATION_METHODS = ['client_secret_basic', 'client_secret_post'];

export function oauthRoutes(services: Services): Implementation[] {
  const { settings } = services;
  return [
    implement(operations.revokeToken, async ({ body, request }) => {
      const client = authenticateClient(settings.introspectionClients, request, body);
      await revokeToken(services, client, body.token, request);
      return undefined;
    }),
    implement(operations.introspectToken, async ({ body, request }) => {
      authenticateClient(settings.introspectionClients, request, body);
      const state: Introspection = (await introspect(services, body.token)) ?? { active: false };
      return state;
    }),
    implement(operations.getAuthorizationServerMetadata, ({ request }) => metadata(services, request)),
  ];
}

/** Ends the session behind a token of this client. A token that nobody could use is as good as revoked. */
async function revokeToken(
  services: Services,
  client: ConfidentialClient,
  token: string,
  request: FastifyRequest,
): Promise<void> {
  const { pool, sessions, accessTokens, revoke } = services;
  try {
    if (token.startsWith(REFRESH_TOKEN_PREFIX)) {
      const issuedTo = await findSessionClient(pool, sessions.sessionOf(token));
      assertIssuedTo(client, issuedTo ?? client.id);
      await sessions.end(token, actorOf(request));
      return;
    }
    const { sessionId, clientId } = await accessTokens.verify(token);
    assertIssuedTo(client, clientId);
    await revoke(pool, { sessionId }, { reason: 'logout', actor: actorOf(request) });
  } catch (error) {
    if (!isHoldfastError(error, 'token_invalid', 'token_expired')) throw error;
  }
}

/** RFC 7009 section 2.1. */
function assertIssuedTo(client: ConfidentialClient, clientId: string): void {
  if (client.id === clientId) return;
  throw new HoldfastError('client_not_entitled', 'The token was issued to another client.');
}

async function introspect(services: Services, token: string): Promise<Introspection | undefined> {
  if (!token.startsWith(REFRESH_TOKEN_PREFIX)) return activeToken(services, token);
  try {
    const family = await services.sessions.inspect(token);
    if (family === undefined) return undefined;
    return {
      active: true,
      iss: services.settings.issuer,
      sub: family.userId,
      sid: family.sessionId,
      client_id: family.clientId,
      iat: Math.floor(family.issuedAt / 1_000),
      exp: Math.floor(family.expiresAt / 1_000),
      token_type: 'refresh_token',
    };
  } catch (error) {
    if (isHoldfastError(error, 'token_invalid')) return undefined;
    throw error;
  }
}

function metadata({ settings }: Services, request: FastifyRequest): AuthorizationServerMetadata {
  const base = settings.publicUrl ?? `${request.protocol}://${request.host}`;
  const at = (path: string): string => new URL(path, base).href;
  return {
    issuer: settings.issuer,
    jwks_uri: at(operations.getJwks.path),
    revocation_endpoint: at(operations.revokeToken.path),
    revocation_endpoint_auth_methods_supported: AUTHENTICATION_METHODS,
    introspection_endpoint: at(operations.introspectToken.path),
    introspection_endpoint_auth_methods_supported: AUTHENTICATION_METHODS,
    // there is no authorization endpoint: accounts sign in by the API's own login
    response_types_supported: [],
    grant_types_supported: [],
    service_documentation: at(DOCS_PATH),
  };
}
