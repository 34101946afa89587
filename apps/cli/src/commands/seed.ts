import { resolve } from 'node:path';
import { seedsDirectory } from '@holdfast/database';
import { applySeed, listSeeds, type Seed, type SeedList, type SeedRun } from '@holdfast/database/seed';
import { defineCommand } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';

/** `holdfast seed`: prepared rows. */
export const seed = defineCommand({
  usage: '[NAME]',
  description:
    'Puts the rows of a seed into the database. Rows that are there stay as they are, so it may be repeated. Seeds that are not for production are refused with NODE_ENV=production, and on a database that was used so.\n\nWith --seeds, the seeds are files of your own, on any PostgreSQL: NAME.sql begins with a comment "-- environments: development, test" (or all) and holds INSERT statements that end in ON CONFLICT … DO NOTHING.',
  maxPositionals: 1,
  options: {
    list: { type: 'boolean', description: 'list the seeds instead' },
    'dry-run': { type: 'boolean', description: 'count what would be inserted, and change nothing' },
    seeds: {
      type: 'string',
      value: 'DIR',
      description: 'a directory of your own seeds (default: those of Holdfast)',
    },
  },
  examples: [
    ['holdfast seed', 'the users of the development seed, such as test@example.com'],
    ['holdfast seed built-in', 'put deleted built-in roles and permissions back'],
    ['holdfast seed --list', 'what there is'],
    ['holdfast seed demo --seeds db/seeds --dry-run', 'what a seed of your own would insert'],
  ],
  exitStatus: [
    [0, 'the rows are in the database, or were counted'],
    [
      1,
      'the seed does not belong here, has a wrong format, or failed; nothing was changed. With --list: a file has a wrong format',
    ],
    [2, 'there is no such seed or directory, or a setting or an option is wrong'],
    [3, 'the database is not available'],
  ],
  run: async ({ options, positionals, configuration, terminal, environment }) => {
    const dir = options.seeds === undefined ? seedsDirectory() : resolve(environment.cwd, options.seeds);
    if (options.list === true) {
      const { seeds, problems } = await listSeeds(dir);
      terminal.result({ seeds: seeds.map(describeSeed), problems }, () => listText({ seeds, problems }));
      return problems.length === 0 ? 0 : 1;
    }
    const effective = configuration();
    const name = positionals[0] ?? 'development';
    const run = await withOwnerConnection(effective, terminal, connection =>
      applySeed({
        connection,
        dir,
        name,
        environment: effective.settings.nodeEnv,
        dryRun: options['dry-run'] === true,
        createLedger: options.seeds !== undefined,
      }),
    );
    terminal.result(run, () => runText(run));
    return 0;
  },
});

function describeSeed({
  name,
  environments,
  description,
}: Seed): Pick<Seed, 'name' | 'environments' | 'description'> {
  return { name, environments, description };
}

function listText({ seeds, problems }: SeedList): string {
  const found = seeds.map(({ name, environments, description }) =>
    [`${name} (${environments.join(', ')})`, ...description.split('\n').slice(0, 1)]
      .filter(line => line !== '')
      .join('\n  '),
  );
  const wrong = problems.map(({ file, message }) => `${file} is no seed:\n  ${message}`);
  const lines = [...found, ...wrong];
  return lines.length === 0 ? 'There is no seed.' : lines.join('\n');
}

function runText({ name, tables, inserted, unchanged, dryRun }: SeedRun): string {
  const verb = dryRun ? 'would be inserted' : 'inserted';
  const lines = tables.map(
    table => `  ${table.table}: ${table.inserted} ${verb}, ${table.unchanged} were there`,
  );
  return [`Seed ${name}: ${inserted} rows ${verb}, ${unchanged} were there.`, ...lines].join('\n');
}
