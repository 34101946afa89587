import type { Pool } from 'pg';
import type { ShopSettings } from './shop-settings.ts';

export interface ShopRequest {
  readonly pool: Pool;
  readonly settings: ShopSettings;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly cookies: ReadonlyMap<string, string>;
  /** Who is signed in; 0 for nobody. */
  readonly customerId: number;
}

export interface ShopAnswer {
  readonly status: number;
  readonly data?: unknown;
  readonly meta?: unknown;
  readonly cookie?: string;
}

export interface ShopRoute {
  readonly method: string;
  /** `/v2/orders/:order_id` */
  readonly path: string;
  readonly guarded: boolean;
  answer(request: ShopRequest): Promise<ShopAnswer>;
}

/** An answer that tells of an error. */
export class ShopError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const MAX_ID = 2_147_483_647;

export function idOf(text: string | undefined): number {
  const id = Number(text);
  if (!/^\d+$/.test(text ?? '') || id < 1 || id > MAX_ID) throw notFound();
  return id;
}

export function notFound(): ShopError {
  return new ShopError(404, 'not_found', 'There is no such thing.');
}

/** A whole number of the query within its bounds. */
export function numberOf(
  query: URLSearchParams,
  name: string,
  fallback: number,
  low: number,
  high: number,
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= low && value <= high) return value;
  throw new ShopError(422, 'invalid_parameter', `${name} must be from ${low} to ${high}.`);
}
