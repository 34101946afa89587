import type { Takeover } from '@holdfast/postgres/cluster';

/** A takeover that was asked for and waits until PostgreSQL is stopped. */
export interface TakeoverRequest {
  readonly id: string;
  readonly done: PromiseWithResolvers<Takeover>;
}
