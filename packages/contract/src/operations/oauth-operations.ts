import { operation } from '../operation.ts';
import { AuthorizationServerMetadata, Introspection, OAuthError, TokenForm } from '../schemas/oauth.ts';

const form = {
  method: 'POST',
  tags: ['oauth'],
  access: 'public',
  authentication: 'client',
  body: TokenForm,
  bodyType: ['application/x-www-form-urlencoded'],
  problem: OAuthError,
  problemType: 'application/json',
} as const;

export const oauthOperations = {
  revokeToken: operation({
    ...form,
    operationId: 'revokeToken',
    path: '/oauth2/revoke',
    summary: 'Revoke a token (RFC 7009)',
    description:
      'Ends the session behind a refresh token or an access token that was issued to this client. A token that is unknown, expired or revoked already is answered 200 as well.',
    revokes: true,
    responses: { 200: null },
    errors: ['client_invalid', 'client_not_entitled', 'recovery_pending', 'invalid_request'],
  }),
  introspectToken: operation({
    ...form,
    operationId: 'introspectToken',
    path: '/oauth2/introspect',
    summary: 'Whether a token is good now (RFC 7662)',
    description: 'Of a token that is not good it says `active: false` and nothing more.',
    responses: { 200: Introspection },
    errors: ['client_invalid', 'invalid_request'],
  }),
  getAuthorizationServerMetadata: operation({
    operationId: 'getAuthorizationServerMetadata',
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    summary: 'Where clients find what (RFC 8414)',
    tags: ['oauth'],
    access: 'public',
    database: 'none',
    responses: { 200: AuthorizationServerMetadata },
  }),
};
