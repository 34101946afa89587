// node-pg-migrate by its own API, as its command line uses it: `node node-pg-migrate.js URL DIR`.
import { runner } from 'node-pg-migrate';

const [, , databaseUrl, dir] = process.argv;
const silent = { debug: () => {}, info: () => {}, warn: console.error, error: console.error };
const applied = await runner({
  databaseUrl,
  dir,
  direction: 'up',
  count: Number.POSITIVE_INFINITY,
  migrationsTable: 'pgmigrations',
  singleTransaction: false,
  logger: silent,
});
console.log(JSON.stringify({ applied: applied.length }));
