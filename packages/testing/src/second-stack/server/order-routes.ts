import { idOf, notFound, numberOf, ShopError, type ShopRoute } from './shop-route.ts';

const COLUMNS = 'id, status, note, placed_at, total_cents';

/** Orders of the customer who is signed in. Where the guard is off there is no such customer, and all orders are seen. */
export const ORDER_ROUTES: readonly ShopRoute[] = [
  {
    method: 'GET',
    path: '/v2/orders',
    guarded: true,
    answer: async ({ pool, query, customerId }) => {
      const limit = numberOf(query, 'limit', 20, 1, 100);
      const status = query.get('status');
      if (status !== null && !['open', 'paid', 'shipped', 'cancelled'].includes(status)) {
        throw new ShopError(422, 'invalid_parameter', 'There is no such status.');
      }
      const { rows } = await pool.query(
        `select ${COLUMNS} from shop.order_summaries
         where ($1 = 0 or customer_id = $1) and ($2::text is null or status = $2) order by id desc limit $3`,
        [customerId, status, limit],
      );
      return { status: 200, data: rows, meta: { limit } };
    },
  },
  {
    method: 'POST',
    path: '/v2/orders',
    guarded: true,
    answer: async ({ pool, body, customerId }) => {
      const { product_id: product, quantity = 1, note = null } = body;
      const { rows: products } = await pool.query('select id, price_cents from shop.products where id = $1', [
        idOf(String(product)),
      ]);
      if (products.length === 0) throw notFound();
      const { rows } = await pool.query(
        `with placed as (
           insert into shop.orders (customer_id, note) values ($1, $2) returning id, status, note, placed_at
         ), item as (
           insert into shop.order_items (order_id, placed_at, product_id, quantity, unit_price_cents)
           select id, placed_at, $3, $4, $5 from placed
         )
         select id, status, note, placed_at, $4::int * $5::int as total_cents from placed`,
        [customerId, note, products[0].id, quantity, products[0].price_cents],
      );
      return { status: 201, data: rows[0] };
    },
  },
  {
    method: 'GET',
    path: '/v2/orders/:order_id',
    guarded: true,
    answer: async ({ pool, params, customerId }) => {
      const { rows } = await pool.query(
        `select ${COLUMNS} from shop.order_summaries where id = $1 and ($2 = 0 or customer_id = $2)`,
        [idOf(params.order_id), customerId],
      );
      if (rows.length === 0) throw notFound();
      return { status: 200, data: rows[0] };
    },
  },
  {
    method: 'DELETE',
    path: '/v2/orders/:order_id',
    guarded: true,
    answer: async ({ pool, params, customerId }) => {
      const { rowCount } = await pool.query(
        `delete from shop.orders where id = $1 and customer_id = $2 and status = 'open'`,
        [idOf(params.order_id), customerId],
      );
      if (rowCount === 0) throw notFound();
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    path: '/v2/orders/:order_id/items',
    guarded: true,
    answer: async ({ pool, params, customerId }) => {
      const id = idOf(params.order_id);
      const { rows: owned } = await pool.query(
        'select 1 from shop.orders where id = $1 and ($2 = 0 or customer_id = $2)',
        [id, customerId],
      );
      if (owned.length === 0) throw notFound();
      const { rows } = await pool.query(
        'select id, product_id, title, quantity, unit_price_cents from shop.order_lines where order_id = $1 order by id',
        [id],
      );
      return { status: 200, data: rows };
    },
  },
];
