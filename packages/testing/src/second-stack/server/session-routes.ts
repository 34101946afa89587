import { ShopError, type ShopRequest, type ShopRoute } from './shop-route.ts';
import { isPassword, issueToken, newSessionToken, sessionHash } from './shop-tokens.ts';

export const REFRESH_COOKIE = 'shop_refresh';
const SESSION_SECONDS = 30 * 24 * 60 * 60;

export const SESSION_ROUTES: readonly ShopRoute[] = [
  {
    method: 'POST',
    path: '/v2/session',
    guarded: false,
    answer: async request => {
      const { email, password } = request.body;
      if (typeof email !== 'string' || typeof password !== 'string') {
        throw new ShopError(422, 'invalid_body', 'email and password are needed.');
      }
      const { rows } = await request.pool.query(
        'select id, password_hash from shop.customers where email = $1',
        [email],
      );
      const [customer] = rows;
      if (customer === undefined || !isPassword(password, customer.password_hash)) {
        throw new ShopError(401, 'wrong_credentials', 'The e-mail address or the password is wrong.');
      }
      await request.pool.query(`insert into shop.audit_events (kind, customer_id) values ('login', $1)`, [
        customer.id,
      ]);
      return startSession(request, customer.id);
    },
  },
  {
    method: 'POST',
    path: '/v2/session/refresh',
    guarded: false,
    answer: async request => {
      const token = request.cookies.get(REFRESH_COOKIE);
      if (token === undefined) throw new ShopError(401, 'no_session', 'There is no session to refresh.');
      const { rows } = await request.pool.query(
        'delete from shop.sessions where token_hash = $1 and expires_at > now() returning customer_id',
        [sessionHash(token)],
      );
      if (rows.length === 0) throw new ShopError(401, 'no_session', 'The session has ended.');
      return startSession(request, rows[0].customer_id);
    },
  },
  {
    method: 'DELETE',
    path: '/v2/session',
    guarded: true,
    answer: async ({ pool, customerId, settings }) => {
      await pool.query('delete from shop.sessions where customer_id = $1', [customerId]);
      return { status: 204, cookie: `${REFRESH_COOKIE}=; Max-Age=0; Path=${settings.cookiePath}; HttpOnly` };
    },
  },
  {
    method: 'GET',
    path: '/v2/me',
    guarded: true,
    answer: async ({ pool, customerId }) => {
      const { rows } = await pool.query(
        'select id, email, full_name, created_at from shop.customers where id = $1',
        [customerId],
      );
      if (rows.length === 0) throw new ShopError(401, 'token_invalid', 'The account is gone.');
      return { status: 200, data: rows[0] };
    },
  },
];

async function startSession({ pool, settings }: ShopRequest, customerId: number) {
  const { token, hash } = newSessionToken();
  await pool.query(
    `insert into shop.sessions (customer_id, token_hash, expires_at) values ($1, $2, now() + make_interval(secs => $3))`,
    [customerId, hash, SESSION_SECONDS],
  );
  const { cookieSecure, cookiePath, jwtSecret, tokenSeconds } = settings;
  return {
    status: 200,
    data: {
      access_token: issueToken(customerId, jwtSecret, tokenSeconds, Date.now()),
      token_type: 'bearer',
      expires_in: tokenSeconds,
    },
    cookie: `${REFRESH_COOKIE}=${token}; Max-Age=${SESSION_SECONDS}; Path=${cookiePath}; HttpOnly; SameSite=Lax${cookieSecure ? '; Secure' : ''}`,
  };
}
