import type { ShopSystem } from '../start-shop-system.ts';

/** One of several, of which there is one at least. */
export type Pick = <T>(items: readonly T[]) => T;

export interface BoundShopInjection {
  /** What was done, with its subject. */
  readonly name: string;
  /** What the doctor must say; `also` names further subjects of the same cause. */
  readonly expected: {
    readonly code: string;
    readonly layer: string;
    readonly subject: string;
    readonly also?: readonly string[];
  };
  /** The tables that it changes. */
  readonly touches: readonly string[];
  inject(): Promise<unknown>;
  heal(): Promise<unknown>;
}

/** A way to break the shop for real, and to mend it again. */
export type ShopInjection = (system: ShopSystem, pick: Pick) => BoundShopInjection;
