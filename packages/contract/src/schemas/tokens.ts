import Type, { type Static } from 'typebox';
import { RECENT_AUTH_SECONDS } from '../operation.ts';
import { Email, Password, Token, text } from './text.ts';
import { User } from './user.ts';

/** What every refresh token begins with. */
export const REFRESH_TOKEN_PREFIX = 'hf_rt_';

const tokenMembers = {
  accessToken: Type.String({ description: 'A JWT (RFC 9068). Send it as Authorization: Bearer.' }),
  tokenType: Type.Literal('Bearer'),
  expiresIn: Type.Integer({ minimum: 0, description: 'Seconds until the access token expires.' }),
  refreshToken: Type.String(),
  refreshExpiresIn: Type.Integer({
    minimum: 0,
    description: 'Seconds until the refresh token expires when it is not used.',
  }),
};

const cookieMembers = {
  tokenType: Type.Literal('Cookie', { description: 'The tokens are in cookies that no script can read.' }),
  expiresIn: tokenMembers.expiresIn,
  refreshExpiresIn: tokenMembers.refreshExpiresIn,
  csrfToken: Type.String({
    description:
      'Send it as X-CSRF-Token with every request that changes something. The same is in a cookie.',
  }),
};

export const BearerTokens = Type.Object(tokenMembers, { additionalProperties: false });
export type BearerTokens = Static<typeof BearerTokens>;

export const CookieTokens = Type.Object(cookieMembers, { additionalProperties: false });
export type CookieTokens = Static<typeof CookieTokens>;

/** New tokens, in the body or in cookies. */
export const Tokens = Type.Union([BearerTokens, CookieTokens]);
export type Tokens = Static<typeof Tokens>;

export const Login = Type.Union([
  Type.Object({ ...tokenMembers, user: User }, { additionalProperties: false }),
  Type.Object({ ...cookieMembers, user: User }, { additionalProperties: false }),
]);
export type Login = Static<typeof Login>;

export const LoginBody = Type.Object(
  {
    email: Email,
    password: Password,
    clientId: Type.Optional(
      text({ minLength: 1, maxLength: 100, description: 'Names the application. Default: `default`.' }),
    ),
    cookies: Type.Optional(
      Type.Boolean({ description: 'Set the tokens as cookies, for browsers. Takes a same-origin request.' }),
    ),
  },
  { additionalProperties: false },
);
export type LoginBody = Static<typeof LoginBody>;

export const RefreshBody = Type.Object(
  { refreshToken: Type.Optional(Token) },
  { additionalProperties: false },
);
export type RefreshBody = Static<typeof RefreshBody>;

export const LogoutBody = Type.Object(
  { refreshToken: Type.Optional(Token) },
  { additionalProperties: false },
);
export type LogoutBody = Static<typeof LogoutBody>;

export const StepUpBody = Type.Object({ password: Password }, { additionalProperties: false });
export type StepUpBody = Static<typeof StepUpBody>;

const recentFor = Type.Integer({
  minimum: 0,
  maximum: RECENT_AUTH_SECONDS,
  description: 'Seconds for which the authentication counts as recent.',
});

/** An access token after the password was given again, in the body or in the cookie. */
export const StepUp = Type.Union([
  Type.Object(
    {
      accessToken: tokenMembers.accessToken,
      tokenType: tokenMembers.tokenType,
      expiresIn: tokenMembers.expiresIn,
      recentFor,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { tokenType: cookieMembers.tokenType, expiresIn: cookieMembers.expiresIn, recentFor },
    { additionalProperties: false },
  ),
]);
export type StepUp = Static<typeof StepUp>;

export const ValidateBody = Type.Object({ token: Type.Optional(Token) }, { additionalProperties: false });
export type ValidateBody = Static<typeof ValidateBody>;

export const ActiveToken = Type.Object(
  {
    active: Type.Literal(true),
    iss: Type.String(),
    aud: Type.String(),
    sub: Type.String(),
    sid: Type.String(),
    jti: Type.String(),
    iat: Type.Integer(),
    exp: Type.Integer(),
    client_id: Type.String(),
    roles: Type.Array(Type.String()),
    amr: Type.Array(Type.String()),
    auth_time: Type.Optional(
      Type.Integer({ description: 'When the password was given, where that was for this very token.' }),
    ),
    token_type: Type.Literal('Bearer'),
  },
  { additionalProperties: false },
);
export type ActiveToken = Static<typeof ActiveToken>;

/** The claims of a token that is good now; of any other token nothing but that it is not. */
export const TokenState = Type.Union([
  ActiveToken,
  Type.Object({ active: Type.Literal(false) }, { additionalProperties: false }),
]);
export type TokenState = Static<typeof TokenState>;
