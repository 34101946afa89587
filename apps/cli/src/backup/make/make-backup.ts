import { HoldfastError } from '@holdfast/core';
import { ensureHome, homePaths } from '@holdfast/keeper';
import type { CommandContext } from '../../command.ts';
import { withOwnerAccess } from '../../database-access.ts';
import type { Configuration } from '../../env.ts';
import type { ExitCode } from '../../exit-codes.ts';
import { jobsOf } from '../../restore/restore-options.ts';
import type { BACKUP_OPTIONS, PLACE_OPTIONS } from '../backup-options.ts';
import { openPlaces } from '../backup-places.ts';
import { interruptible } from '../interruptible.ts';
import { progressLines } from '../progress-lines.ts';
import { chooseEngine } from './choose-engine.ts';
import type { MAKE_OPTIONS } from './make-options.ts';
import { renderResult, toJson } from './make-text.ts';
import { type BackupResult, type BackupWish, readLevel, runBackup } from './run-backup.ts';

type MakeContext = CommandContext<
  typeof MAKE_OPTIONS & typeof PLACE_OPTIONS & Pick<typeof BACKUP_OPTIONS, 'jobs'>
>;

/** `holdfast backup`: makes one, reads it again, and says what it is. Stopped, it leaves nothing behind. */
export async function makeBackup(context: MakeContext): Promise<ExitCode> {
  const { options, flags, terminal, environment } = context;
  const configuration = withRecipients(context);
  if (readLevel(options.validate, options['no-validate']) === 'drill')
    assertDrillable(context, configuration);
  // the key that seals backups lies there, whatever is backed up
  await ensureHome(homePaths(configuration.home));
  const destination = options.to ?? options.destination;
  const places = await openPlaces(configuration, {
    options: { ...options, ...(destination === undefined ? {} : { destination }) },
    create: true,
    ...(options['no-compress'] === true ? { compression: 'none' as const } : {}),
  });
  const results = await interruptible(environment, signal =>
    withOwnerAccess(configuration, terminal, flags['database-url'], access => {
      const isEmbedded = access.adminUrl !== access.url;
      const wish = readWish(context, configuration, isEmbedded, access);
      const { repositories } = places;
      return runBackup(wish, {
        configuration,
        environment,
        repositories,
        signal,
        onProgress: progressLines(terminal),
      });
    }),
  );
  const ok = results.every(isFine);
  terminal.result({ ok, backups: results.map(toJson) }, () =>
    results.map(result => renderResult(result, terminal)).join('\n'),
  );
  return ok ? 0 : 1;
}

function isFine({ trouble, validation }: BackupResult): boolean {
  return trouble === undefined && validation?.result !== 'damaged';
}

/** Before a backup is made that could not be drilled. */
function assertDrillable({ options }: MakeContext, { settings }: Configuration): void {
  const identity = options.identity ?? settings.backupIdentity;
  if (settings.backupRecipients.length === 0 || identity !== undefined) return;
  throw new HoldfastError(
    'backup_not_possible',
    'An encrypted backup is drilled with an identity of one of its recipients: name its file with --identity or HOLDFAST_BACKUP_IDENTITY, or leave --validate drill out and run holdfast backup drill where the identity is. Nothing was done.',
  );
}

function withRecipients({ options, configuration }: MakeContext): Configuration {
  const effective = configuration();
  const given = options['encrypt-to'];
  if (given === undefined) return effective;
  return { ...effective, settings: { ...effective.settings, backupRecipients: given.split(',') } };
}

function readWish(
  { options }: MakeContext,
  { settings }: Configuration,
  isEmbedded: boolean,
  access: { readonly url: string; readonly adminUrl: string },
): BackupWish {
  const engine = chooseEngine(options.engine, isEmbedded);
  if (options.plain === true && engine !== 'logical')
    throw new HoldfastError(
      'usage',
      '--plain is for --engine logical; --no-compress keeps a physical backup as a data directory.',
    );
  const compression = options['no-compress'] === true ? 'none' : settings.backupCompression;
  return {
    engine,
    // the superuser of the embedded one, in the database of the owner
    url: isEmbedded ? inDatabaseOf(access.adminUrl, access.url) : access.url,
    compression,
    plain: options.plain === true || (engine !== 'logical' && compression === 'none'),
    validate: readLevel(options.validate, options['no-validate']),
    label: options.label,
    jobs: jobsOf(options),
  };
}

/** The one URL with the database of the other. */
export function inDatabaseOf(url: string, other: string): string {
  const changed = new URL(url);
  changed.pathname = new URL(other).pathname;
  return changed.href;
}
