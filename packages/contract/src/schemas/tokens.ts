import Type, { type Static } from 'typebox';
import { Email, Password, Token, text } from './text.ts';
import { User } from './user.ts';

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

export const Tokens = Type.Object(tokenMembers, { additionalProperties: false });
export type Tokens = Static<typeof Tokens>;

export const Login = Type.Object({ ...tokenMembers, user: User }, { additionalProperties: false });
export type Login = Static<typeof Login>;

export const LoginBody = Type.Object(
  {
    email: Email,
    password: Password,
    clientId: Type.Optional(
      text({ minLength: 1, maxLength: 100, description: 'Names the application. Default: `default`.' }),
    ),
  },
  { additionalProperties: false },
);
export type LoginBody = Static<typeof LoginBody>;

export const RefreshBody = Type.Object({ refreshToken: Token }, { additionalProperties: false });
export type RefreshBody = Static<typeof RefreshBody>;

export const LogoutBody = Type.Object(
  { refreshToken: Type.Optional(Token) },
  { additionalProperties: false },
);
export type LogoutBody = Static<typeof LogoutBody>;

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
