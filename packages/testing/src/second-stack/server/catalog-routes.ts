import { idOf, notFound, numberOf, ShopError, type ShopRoute } from './shop-route.ts';

export const CATALOG_ROUTES: readonly ShopRoute[] = [
  {
    method: 'GET',
    path: '/v2/status',
    guarded: false,
    answer: async ({ pool }) => {
      await pool.query('select 1');
      return { status: 200, data: { status: 'ok', api_version: 2 } };
    },
  },
  {
    method: 'GET',
    path: '/v2/categories',
    guarded: false,
    answer: async ({ pool }) => {
      const { rows } = await pool.query('select id, slug, title, parent_id from shop.categories order by id');
      return { status: 200, data: rows };
    },
  },
  {
    method: 'GET',
    path: '/v2/products',
    guarded: false,
    answer: async ({ pool, query }) => {
      const limit = numberOf(query, 'limit', 20, 1, 100);
      const offset = numberOf(query, 'offset', 0, 0, 100_000);
      const { rows } = await pool.query(
        `select id, sku, title, description, price_cents, in_stock from shop.product_list
         where $1::text is null or title ilike '%' || $1 || '%' order by id limit $2 offset $3`,
        [query.get('q'), limit, offset],
      );
      return { status: 200, data: rows, meta: { limit, offset } };
    },
  },
  {
    method: 'GET',
    path: '/v2/products/:product_id',
    guarded: false,
    answer: async ({ pool, params }) => {
      const { rows } = await pool.query(
        'select id, sku, title, description, price_cents, in_stock from shop.product_list where id = $1',
        [idOf(params.product_id)],
      );
      if (rows.length === 0) throw notFound();
      return { status: 200, data: rows[0] };
    },
  },
  {
    method: 'GET',
    path: '/v2/products/:product_id/reviews',
    guarded: false,
    answer: async ({ pool, params }) => {
      const { rows } = await pool.query(
        'select id, stars, body from shop.reviews where product_id = $1 order by id limit 100',
        [idOf(params.product_id)],
      );
      return { status: 200, data: rows };
    },
  },
  {
    method: 'POST',
    path: '/v2/products/:product_id/reviews',
    guarded: true,
    answer: async ({ pool, params, body, customerId }) => {
      const { stars, body: text } = body;
      if (!Number.isInteger(stars) || Number(stars) < 1 || Number(stars) > 5) {
        throw new ShopError(422, 'invalid_body', 'stars must be from 1 to 5.');
      }
      const product = idOf(params.product_id);
      const { rows: found } = await pool.query('select 1 from shop.products where id = $1', [product]);
      if (found.length === 0) throw notFound();
      const { rows } = await pool.query(
        `insert into shop.reviews (product_id, customer_id, stars, body) values ($1, $2, $3, $4)
         on conflict (product_id, customer_id) do update set stars = excluded.stars, body = excluded.body
         returning id, stars, body`,
        [product, customerId, stars, text ?? null],
      );
      return { status: 201, data: rows[0] };
    },
  },
];
