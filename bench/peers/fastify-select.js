// Fastify and one indexed select by the same driver with a pool of the same size: what an endpoint costs that reads a user
// and checks nothing.
import fastify from 'fastify';
import pg from 'pg';

const { PEER_DATABASE_URL, PEER_POOL_MAX, PEER_USER_ID } = process.env;
const pool = new pg.Pool({ connectionString: PEER_DATABASE_URL, max: Number(PEER_POOL_MAX) });
const query = {
  name: 'user_by_id',
  text: `select id, email, status, email_verified_at, last_login_at, created_at, modified_at from users
    where id = $1 and deleted_at is null`,
};

const app = fastify();
const text = { type: 'string' };
const time = { type: ['string', 'null'] };
const properties = {
  id: text,
  email: text,
  status: text,
  email_verified_at: time,
  last_login_at: time,
  created_at: time,
  modified_at: time,
};
app.get('/', { schema: { response: { 200: { type: 'object', properties } } } }, async () => {
  const { rows } = await pool.query({ ...query, values: [PEER_USER_ID] });
  return rows[0];
});
await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${JSON.stringify({ port: app.server.address().port })}\n`);
process.on('SIGTERM', () => process.exit(0));
