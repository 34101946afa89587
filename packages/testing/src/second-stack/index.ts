export type { BoundShopInjection, ShopInjection } from './injections/shop-injection.ts';
export { SECOND_STACK_FAULTS, type SecondStackFault } from './second-stack-faults.ts';
export { SHOP_INJECTIONS } from './shop-injections.ts';
export { type SecondStack, startSecondStack } from './start-second-stack.ts';
export { type ShopSystem, startShopSystem } from './start-shop-system.ts';
