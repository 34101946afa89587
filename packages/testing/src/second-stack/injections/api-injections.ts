import { SECOND_STACK_FAULTS, type SecondStackFault } from '../second-stack-faults.ts';
import { hashPassword } from '../server/shop-tokens.ts';
import type { ShopSystem } from '../start-shop-system.ts';
import type { BoundShopInjection, ShopInjection } from './shop-injection.ts';

type Expectation = BoundShopInjection['expected'];

function known(
  fault: SecondStackFault,
  expected: Expectation,
  touches: readonly string[] = [],
): ShopInjection {
  return (system: ShopSystem) => ({
    name: fault.name,
    expected,
    touches,
    inject: () => fault.inject(system),
    heal: () => fault.heal(system),
  });
}

function variable(
  system: ShopSystem,
  name: string,
  expected: Expectation,
  [key, value]: readonly [string, string],
): BoundShopInjection {
  return {
    name,
    expected,
    touches: [],
    inject: () => system.setVariables({ [key]: value }),
    heal: () => system.setVariables({ [key]: undefined }),
  };
}

const endpoint = (code: string, ...[subject, ...also]: readonly [string, ...string[]]): Expectation => ({
  code,
  layer: 'api',
  subject: `endpoint:${subject}`,
  ...(also.length === 0 ? {} : { also: also.map(name => `endpoint:${name}`) }),
});

/** Above what counts as slow, below what counts as no answer. */
const SLOW_SECONDS = 1.2;

export const orderLines = (where: string): string => `
  create or replace view shop.order_lines as
  select item.id, item.order_id, item.product_id, product.title, item.quantity, item.unit_price_cents
  from shop.order_items as item join shop.products as product on product.id = item.product_id
  where ${where}`;

function setPassword({ asOwner, account }: ShopSystem, password: string): Promise<unknown> {
  return asOwner(client =>
    client.query('update shop.customers set password_hash = $1 where email = $2', [
      hashPassword(password),
      account.email,
    ]),
  );
}

/** What the shop answers, and what its proxy makes of it. */
export const API_INJECTIONS = {
  typeDrift: known(
    SECOND_STACK_FAULTS.typeDrift,
    endpoint('response_differs', 'GET /v2/products', 'GET /v2/products/{product_id}'),
    ['product_list'],
  ),
  slowRoute: system => ({
    name: 'the view behind one route became slow',
    expected: endpoint('operation_slow', 'GET /v2/orders/{order_id}/items'),
    touches: ['order_lines'],
    inject: () =>
      system.asOwner(client => client.query(orderLines(`(select pg_sleep(${SLOW_SECONDS})) is not null`))),
    heal: () => system.asOwner(client => client.query(orderLines('true'))),
  }),
  routeMissing: (system, pick) => {
    const route = pick(['GET /v2/categories', 'GET /v2/me', 'GET /v2/products', 'GET /v2/orders']);
    return variable(system, `${route} is gone`, endpoint('route_missing', route), ['SHOP_REMOVED', route]);
  },
  routeBroken: (system, pick) => {
    const route = pick(['GET /v2/categories', 'GET /v2/me', 'GET /v2/orders']);
    return variable(system, `${route} fails`, endpoint('operation_fails', route), ['SHOP_BROKEN', route]);
  },
  guardMissing: (system, pick) => {
    const route = pick(['GET /v2/orders', 'GET /v2/orders']);
    return variable(system, `the guard of ${route} is off`, endpoint('guard_missing', route), [
      'SHOP_UNGUARDED',
      route,
    ]);
  },
  guardOverStrict: (system, pick) => {
    const route = pick(['GET /v2/categories', 'GET /v2/products']);
    return variable(system, `${route} asks for a token`, endpoint('guard_over_strict', route), [
      'SHOP_GUARDED',
      route,
    ]);
  },
  corsWithoutCredentials: known(SECOND_STACK_FAULTS.corsWithoutCredentials, {
    code: 'cors_refused',
    layer: 'api',
    subject: 'cors',
  }),
  originRemoved: system => ({
    name: 'the origin of the pages taken out of the list',
    expected: { code: 'cors_refused', layer: 'api', subject: 'cors' },
    touches: [],
    inject: () => system.setVariables({ SHOP_ORIGINS: 'https://elsewhere.example' }),
    heal: () => system.setVariables({ SHOP_ORIGINS: system.origin }),
  }),
  secureCookieOverHttp: known(
    SECOND_STACK_FAULTS.secureCookieOverHttp,
    endpoint('cookie_refused', 'POST /v2/session'),
  ),
  cookiePathWrong: known(
    SECOND_STACK_FAULTS.cookiePathWrong,
    endpoint('cookie_not_sent', 'POST /v2/session'),
  ),
  signInRefused: system => ({
    name: 'another password for the user who signs in',
    expected: { code: 'sign_in_refused', layer: 'auth', subject: 'endpoint:POST /v2/session' },
    touches: ['shop.customers'],
    inject: () => setPassword(system, 'a password that nobody was told'),
    heal: () => setPassword(system, system.account.password),
  }),
  tokensRefused: known(SECOND_STACK_FAULTS.tokensRefused, {
    code: 'own_tokens_refused',
    layer: 'auth',
    subject: 'tokens',
  }),
  slashRedirect: known(SECOND_STACK_FAULTS.slashRedirect, {
    code: 'proxy_redirects',
    layer: 'proxy',
    subject: 'endpoint:POST /v2/session',
    also: ['endpoint:DELETE /v2/session'],
  }),
  htmlErrors: known(SECOND_STACK_FAULTS.htmlErrors, {
    code: 'proxy_replaces_answers',
    layer: 'proxy',
    subject: 'proxy',
  }),
} as const satisfies Record<string, ShopInjection>;
