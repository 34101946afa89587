import Type, { type Static } from 'typebox';
import { ReadinessCheck } from './problem.ts';

export const ServiceInfo = Type.Object(
  {
    name: Type.Literal('holdfast'),
    version: Type.String(),
    links: Type.Object(
      {
        docs: Type.String(),
        openapi: Type.String(),
        health: Type.String(),
        ready: Type.String(),
        jwks: Type.String(),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type ServiceInfo = Static<typeof ServiceInfo>;

export const Health = Type.Object(
  { status: Type.Literal('ok'), version: Type.String(), uptimeSeconds: Type.Number({ minimum: 0 }) },
  { additionalProperties: false },
);
export type Health = Static<typeof Health>;

export const Readiness = Type.Object(
  { status: Type.Literal('ready'), checks: Type.Array(ReadinessCheck) },
  { additionalProperties: false },
);
export type Readiness = Static<typeof Readiness>;

const count = Type.Integer({ minimum: 0 });

export const DatabaseHealth = Type.Object(
  {
    status: Type.Literal('ok'),
    roundTripMs: Type.Number({ minimum: 0 }),
    serverVersion: Type.String(),
    pool: Type.Object(
      { max: count, size: count, checkedIn: count, checkedOut: count, waiting: count },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type DatabaseHealth = Static<typeof DatabaseHealth>;

/** Public keys that verify access tokens (RFC 7517). */
export const Jwks = Type.Object(
  {
    keys: Type.Array(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        required: ['kty', 'kid'],
        additionalProperties: true,
      }),
    ),
  },
  { additionalProperties: false },
);
export type Jwks = Static<typeof Jwks>;
