// better-auth with email and password on the same PostgreSQL, on node:http, as in its documentation. Its first line names
// the port and the cookie of a signed-in user.
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import pg from 'pg';

const { PEER_DATABASE_URL, PEER_POOL_MAX, PEER_EMAIL, PEER_PASSWORD } = process.env;
const pool = new pg.Pool({ connectionString: PEER_DATABASE_URL, max: Number(PEER_POOL_MAX) });
const server = createServer();
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();

const auth = betterAuth({
  database: pool,
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'benchmark-secret-of-at-least-32-characters',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const handle = toNodeHandler(auth);
server.on('request', (request, response) => {
  handle(request, response).catch(error => {
    process.stderr.write(`${error.stack}\n`);
    response.statusCode = 500;
    response.end();
  });
});

const signedUp = await auth.api.signUpEmail({
  body: { email: PEER_EMAIL, password: PEER_PASSWORD, name: 'Benchmark' },
  asResponse: true,
});
const cookie = signedUp.headers
  .getSetCookie()
  .map(line => line.split(';')[0])
  .join('; ');
process.stdout.write(`${JSON.stringify({ port, cookie })}\n`);
process.on('SIGTERM', () => process.exit(0));
