import { seedsDirectory } from '@holdfast/database';
import { applySeed, listSeeds, type Seed, type SeedRun } from '@holdfast/database/seed';
import { defineCommand } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';

/** `holdfast seed`: prepared rows. */
export const seed = defineCommand({
  usage: '[NAME]',
  description:
    'Puts the rows of a seed into the database. Rows that are there stay as they are, so it may be repeated. Seeds that are not for production are refused with NODE_ENV=production, and on a database that was used so.',
  maxPositionals: 1,
  options: {
    list: { type: 'boolean', description: 'list the seeds instead' },
  },
  examples: [
    ['holdfast seed', 'the users of the development seed, such as test@example.com'],
    ['holdfast seed built-in', 'put deleted built-in roles and permissions back'],
    ['holdfast seed --list', 'what there is'],
  ],
  exitStatus: [
    [0, 'the rows are in the database'],
    [1, 'the seed does not belong here, or failed; nothing was changed'],
    [2, 'there is no such seed, or a setting or an option is wrong'],
    [3, 'the database is not available'],
  ],
  run: async ({ options, positionals, configuration, terminal }) => {
    if (options.list === true) {
      const seeds = (await listSeeds(seedsDirectory())).map(describeSeed);
      terminal.result({ seeds }, () =>
        seeds
          .map(
            ({ name, environments, description }) =>
              `${name} (${environments.join(', ')})\n  ${description.split('\n')[0]}`,
          )
          .join('\n'),
      );
      return 0;
    }
    const effective = configuration();
    const name = positionals[0] ?? 'development';
    const run = await withOwnerConnection(effective, terminal, connection =>
      applySeed({ connection, dir: seedsDirectory(), name, environment: effective.settings.nodeEnv }),
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

function runText({ name, tables, inserted, unchanged }: SeedRun): string {
  const lines = tables.map(
    table => `  ${table.table}: ${table.inserted} inserted, ${table.unchanged} were there`,
  );
  return [`Seed ${name}: ${inserted} rows inserted, ${unchanged} were there.`, ...lines].join('\n');
}
