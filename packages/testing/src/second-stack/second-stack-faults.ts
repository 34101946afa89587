import type { SecondStack } from './start-second-stack.ts';

/** A way to break the shop for real, and to mend it again. */
export interface SecondStackFault {
  /** What was done, for the names of tests. */
  readonly name: string;
  /** The kind that a check against its document must find, and where. */
  readonly expected: { readonly kind: string; readonly operations: readonly string[] };
  inject(stack: SecondStack): Promise<void>;
  heal(stack: SecondStack): Promise<void>;
}

function byVariable(
  name: string,
  expected: SecondStackFault['expected'],
  variable: string,
  value: string,
): SecondStackFault {
  return {
    name,
    expected,
    inject: stack => stack.setVariables({ [variable]: value }),
    heal: stack => stack.setVariables({ [variable]: undefined }),
  };
}

function bySql(
  name: string,
  expected: SecondStackFault['expected'],
  inject: string,
  heal: string,
): SecondStackFault {
  return {
    name,
    expected,
    inject: async stack => void (await stack.asOwner(client => client.query(inject))),
    heal: async stack => void (await stack.asOwner(client => client.query(heal))),
  };
}

const PRODUCT_LIST = (price: string): string => `
  drop view shop.product_list;
  create view shop.product_list as
  select product.id, product.sku, product.title, product.description, ${price} as price_cents,
    coalesce((select sum(amount) from shop.stock_movements where product_id = product.id), 0)::int as in_stock
  from shop.products as product`;

const ORDER_SUMMARIES = (where: string): string => `
  create or replace view shop.order_summaries as
  select placed.id, placed.customer_id, placed.status, placed.note, placed.placed_at,
    coalesce(sum(item.quantity * item.unit_price_cents), 0)::int as total_cents
  from shop.orders as placed left join shop.order_items as item on item.order_id = placed.id
  where ${where}
  group by placed.id, placed.placed_at`;

/** How long the slow view takes, in seconds. */
const SLOW_SECONDS = 1.2;

export const SECOND_STACK_FAULTS = {
  typeDrift: bySql(
    'a view gives a price as text',
    { kind: 'body_schema', operations: ['GET /v2/products', 'GET /v2/products/{product_id}'] },
    PRODUCT_LIST('product.price_cents::text'),
    PRODUCT_LIST('product.price_cents'),
  ),
  routeFails: bySql(
    'a view that one route needs is gone',
    { kind: 'server_error', operations: ['GET /v2/orders/{order_id}/items'] },
    'alter view shop.order_lines rename to order_lines_before',
    'alter view shop.order_lines_before rename to order_lines',
  ),
  slowRoute: bySql(
    'a view became slow',
    { kind: 'slow', operations: ['GET /v2/orders', 'GET /v2/orders/{order_id}'] },
    ORDER_SUMMARIES(`(select pg_sleep(${SLOW_SECONDS})) is not null`),
    ORDER_SUMMARIES('true'),
  ),
  authMissing: byVariable(
    'the guard of one route is off',
    { kind: 'auth_ignored', operations: ['GET /v2/orders'] },
    'SHOP_UNGUARDED',
    'GET /v2/orders',
  ),
  overStrict: byVariable(
    'a public route asks for a token',
    { kind: 'auth_over_strict', operations: ['GET /v2/categories'] },
    'SHOP_GUARDED',
    'GET /v2/categories',
  ),
  tokensRefused: byVariable(
    'tokens are verified with another secret than they are signed with',
    { kind: 'token_refused', operations: [] },
    'SHOP_JWT_VERIFY_SECRET',
    'another secret than the one that signs',
  ),
  corsWithoutCredentials: byVariable(
    'CORS without credentials',
    { kind: 'cors_credentials', operations: ['GET /v2/status'] },
    'SHOP_CORS_CREDENTIALS',
    '0',
  ),
  secureCookieOverHttp: byVariable(
    'a Secure cookie over http',
    { kind: 'cookie_refused', operations: ['POST /v2/session'] },
    'SHOP_COOKIE_SECURE',
    '1',
  ),
  cookiePathWrong: byVariable(
    'the path of the refresh cookie covers another route',
    { kind: 'cookie_unsent', operations: ['POST /v2/session'] },
    'SHOP_COOKIE_PATH',
    '/account',
  ),
  slashRedirect: {
    name: 'the proxy sends the sign-in on to the path with a slash',
    expected: { kind: 'redirect_slash', operations: ['POST /v2/session'] },
    inject: stack => stack.configureProxy({ slashRedirects: ['/v2/session'] }),
    heal: stack => stack.configureProxy({ slashRedirects: [] }),
  },
  htmlErrors: {
    name: 'the proxy replaces errors by a page',
    expected: { kind: 'html_for_json', operations: [] },
    inject: stack => stack.configureProxy({ errorPages: true }),
    heal: stack => stack.configureProxy({ errorPages: false }),
  },
} as const satisfies Record<string, SecondStackFault>;
