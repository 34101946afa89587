import Type, { type Static } from 'typebox';
import { ProblemCode } from './problem.ts';
import { choice, Token, text } from './text.ts';
import { ActiveToken } from './tokens.ts';

/** A form of RFC 7009 section 2.1 or RFC 7662 section 2.1. Unknown members are ignored (RFC 6749 section 3.1). */
export const TokenForm = Type.Object({
  token: Token,
  token_type_hint: Type.Optional(
    text({ maxLength: 100, description: 'Not needed: a token tells its kind.' }),
  ),
  client_id: Type.Optional(text({ maxLength: 100 })),
  client_secret: Type.Optional(text({ maxLength: 1_000 })),
});
export type TokenForm = Static<typeof TokenForm>;

/** The claims of a token that is good now (RFC 7662); of any other nothing but that it is not. */
export const Introspection = Type.Union([
  ActiveToken,
  Type.Object(
    {
      active: Type.Literal(true),
      iss: Type.String(),
      sub: Type.String(),
      sid: Type.String(),
      client_id: Type.String(),
      iat: Type.Integer(),
      exp: Type.Integer(),
      token_type: Type.Literal('refresh_token'),
    },
    { additionalProperties: false },
  ),
  Type.Object({ active: Type.Literal(false) }, { additionalProperties: false }),
]);
export type Introspection = Static<typeof Introspection>;

/** An error as RFC 6749 section 5.2 has it, with the two members of every error here. */
export const OAuthError = Type.Object(
  {
    error: choice([
      'invalid_request',
      'invalid_client',
      'unauthorized_client',
      'temporarily_unavailable',
      'server_error',
    ]),
    error_description: Type.String(),
    code: ProblemCode,
    requestId: Type.String(),
  },
  { additionalProperties: false, description: 'An error (RFC 6749 section 5.2).' },
);
export type OAuthError = Static<typeof OAuthError>;

const methods = Type.Array(Type.String());

/** RFC 8414 section 2. */
export const AuthorizationServerMetadata = Type.Object(
  {
    issuer: Type.String(),
    jwks_uri: Type.String(),
    revocation_endpoint: Type.String(),
    revocation_endpoint_auth_methods_supported: methods,
    introspection_endpoint: Type.String(),
    introspection_endpoint_auth_methods_supported: methods,
    response_types_supported: methods,
    grant_types_supported: methods,
    service_documentation: Type.String(),
  },
  { additionalProperties: false },
);
export type AuthorizationServerMetadata = Static<typeof AuthorizationServerMetadata>;
