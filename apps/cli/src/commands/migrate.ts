import { HoldfastError, suggest } from '@holdfast/core';
import { defineCommand } from '../command.ts';
import { MIGRATE_OPTIONS, refuseForeignOptions } from '../migrate/options.ts';
import { MIGRATE_VERBS } from '../migrate/verbs.ts';

export const MIGRATE_EXIT_STATUS = [
  [0, 'the schema is as asked for; status: up to date; verify: every way leads where it should'],
  [1, 'refused, failed, or not as it should be; the message says what is applied'],
  [2, 'a setting, an option or an argument is missing or wrong, or there is no migration in the directory'],
  [3, 'the database is not available'],
  [
    130,
    'interrupted by Ctrl-C (143 by SIGTERM, 129 by SIGHUP): what was running is cancelled and rolled back; the message says what is applied and what to type next',
  ],
] as const;

const DESCRIPTION = `Brings a schema up to date. Without a verb: up. Several runs at once wait for each other, and each migration is
applied once. The embedded PostgreSQL is started for it when it does not run.

up applies every pending migration and puts the built-in roles and permissions in place. down rolls back everything after
--to, and refuses when data would be lost or overwritten. plan tries the pending migrations in a transaction that is rolled back and shows what they
lock, rewrite and read here. lint tells from the files alone what locks or breaks what is in use, with SQL that does not; up
refuses what lint refuses, except on a database that no migration was applied to yet. status shows every version: applied by whom, when and how fast, pending, failed,
half done, tampered. verify runs every migration up, down and up again in a scratch database and names what does not come
back. baseline VERSION takes over a database that has the schema already; after dbmate the version is known. repair shows
what stands in the way, and does what you choose. new NAME makes an empty file in the directory given by --migrations.

With --migrations DIR all of it works on any PostgreSQL 14 to 18 and on files in dbmate's format.`;

/** `holdfast migrate`: the schema, its files and its ledger. */
export const migrate = defineCommand({
  usage: `[${Object.keys(MIGRATE_VERBS).join('|')}]`,
  description: DESCRIPTION,
  maxPositionals: Number.POSITIVE_INFINITY,
  options: MIGRATE_OPTIONS,
  examples: [
    ['holdfast migrate', 'bring the schema up to this version'],
    ['HOLDFAST_OWNER_DATABASE_URL=postgresql://… holdfast migrate', 'as the role that owns the tables'],
    ['holdfast migrate down --to 0003', 'undo everything after 0003'],
    ['holdfast migrate status --migrations db/migrations', 'how far another project is'],
    ['holdfast migrate lint --migrations db/migrations', 'in CI: does a file lock or break what is in use?'],
    ['holdfast migrate plan', 'what the pending ones would lock and rewrite here'],
    ['holdfast migrate verify --migrations db/migrations', 'in CI: does every way back lead back?'],
    ['holdfast migrate baseline --migrations db/migrations', 'take over what dbmate has applied'],
    ['holdfast migrate baseline 0007 --migrations db/migrations', 'take over a schema made by hand'],
    ['holdfast migrate repair', 'what stands in the way, and what to choose from'],
    [
      'holdfast migrate repair --accept 0003 --reason "a comment was corrected" --yes',
      'take an edited file for the applied one, if it builds the same schema',
    ],
    ['holdfast migrate new add_invoices --migrations db/migrations', 'make 0008_add_invoices.sql'],
  ],
  exitStatus: MIGRATE_EXIT_STATUS,
  run: async context => {
    const [name = context.options.down === true ? 'down' : 'up', ...args] = context.positionals;
    const verb = Object.hasOwn(MIGRATE_VERBS, name) ? MIGRATE_VERBS[name] : undefined;
    if (verb === undefined) throw unknownVerb(name);
    refuseForeignOptions(name, verb, context.options, args);
    return verb.run(context, args);
  },
});

function unknownVerb(name: string): HoldfastError {
  const names = Object.keys(MIGRATE_VERBS);
  const meant = suggest(name, names);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return new HoldfastError('usage', `holdfast migrate takes ${names.join(', ')}; not "${name}".${hint}`);
}
