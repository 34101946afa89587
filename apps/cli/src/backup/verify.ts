import { delimiter, join } from 'node:path';
import { HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import {
  type BackupRepository,
  type BackupValidation,
  createEngine,
  surveyBackups,
  validateByDecoding,
  verifyFiles,
} from '@holdfast/database/backup';
import type { ExitCode } from '../exit-codes.ts';
import { count, formatBytes, formatMilliseconds } from '../migrate/text.ts';
import type { Terminal } from '../terminal.ts';
import type { BackupContext } from './backup-options.ts';
import { type BackupPlaces, openPlaces } from './backup-places.ts';
import { interruptible } from './interruptible.ts';
import { findEverywhere } from './show.ts';

const LEVELS = ['files', 'decode'] as const;
type Level = (typeof LEVELS)[number];
const PROGRESS_MS = 2_000;

/** What is to be verified where. */
interface Target {
  readonly id: string;
  readonly repository: BackupRepository;
}

/** `holdfast backup verify [ID|--all]`: at every destination that has it; the results are kept beside the backup. */
export async function runVerify(context: BackupContext, args: readonly string[]): Promise<ExitCode> {
  const { options, configuration, environment, terminal } = context;
  const level = levelOf(options.level);
  const places = await openPlaces(configuration(), { options });
  const { targets, unreachable } = await targetsOf(places, args[0], options.all === true);
  const results = await interruptible(environment, async signal => {
    const done: { readonly id: string; readonly validation: BackupValidation }[] = [];
    for (const target of targets) {
      done.push({ id: target.id, validation: await verify(context, places, target, level, signal) });
    }
    return done;
  });
  terminal.result({ results, unreachable }, () =>
    [
      ...results.map(({ id, validation }) => resultText(id, validation, terminal)),
      ...unreachable.map(message => `${terminal.style('red', 'not verified')}  ${message}`),
      ...(targets.length === 0 ? ['There is no backup to verify.'] : []),
    ].join('\n'),
  );
  if (results.some(({ validation }) => validation.result === 'damaged')) return 1;
  return unreachable.length > 0 ? 3 : 0;
}

function levelOf(text: string | undefined): Level {
  const level = LEVELS.find(candidate => candidate === (text ?? 'files'));
  if (level !== undefined) return level;
  const drill = text === 'drill' ? ' holdfast backup drill restores one.' : '';
  throw new HoldfastError('usage', `--level is ${LEVELS.join(' or ')}, not "${text}".${drill}`);
}

async function targetsOf(
  { repositories }: BackupPlaces,
  wanted: string | undefined,
  all: boolean,
): Promise<{ readonly targets: readonly Target[]; readonly unreachable: readonly string[] }> {
  if (all && wanted !== undefined) throw new HoldfastError('usage', 'verify takes an id or --all, not both.');
  const { backups, broken, unreachable } = await surveyBackups(repositories);
  const lost = broken.filter(({ leftover, inWork }) => !leftover && !inWork);
  const matching = all ? backups : [await findEverywhere(repositories, wanted ?? 'latest').catch(orNothing)];
  const damaged = lost.filter(({ id }) => all || (wanted !== undefined && id.startsWith(wanted)));
  const found = matching.filter(item => item !== undefined);
  if (found.length === 0 && damaged.length === 0 && !all)
    await findEverywhere(repositories, wanted ?? 'latest');
  return {
    targets: [
      ...found.flatMap(({ manifest, copies }) =>
        copies.map(({ repository }) => ({ id: manifest.id, repository })),
      ),
      ...damaged,
    ],
    unreachable: unreachable.map(({ error }) => error.message),
  };
}

function orNothing(error: unknown): undefined {
  if (isHoldfastError(error, 'backup_damaged')) return undefined;
  throw error;
}

async function verify(
  { configuration, environment, terminal }: BackupContext,
  { sealKey }: BackupPlaces,
  { id, repository }: Target,
  level: Level,
  signal: AbortSignal,
): Promise<BackupValidation> {
  const { destination } = repository;
  terminal.progress(`verifying ${id} at ${destination.name}`);
  const { validation, backup } = await verifyFiles({
    repository,
    id,
    sealKey,
    clock: systemClock,
    signal,
    onProgress: progressOf(terminal),
  });
  if (backup === undefined) return validation;
  if (level === 'files' || validation.result === 'damaged') {
    await repository.recordValidation(id, validation);
    return validation;
  }
  const { home, settings } = configuration();
  const path = (environment.variables.PATH ?? '').split(delimiter).filter(directory => directory !== '');
  const engine = createEngine(backup.manifest.engine, {
    programs: { binDir: settings.postgresBin, path },
    workDirectory: join(home, 'tmp'),
  });
  return validateByDecoding(engine, repository, id, systemClock);
}

/** A line now and then of what takes long. */
function progressOf(terminal: Terminal): (done: number, total: number) => void {
  let told = systemClock.monotonic();
  return (done, total) => {
    const now = systemClock.monotonic();
    if (now - told < PROGRESS_MS) return;
    told = now;
    terminal.progress(`  ${formatBytes(done)} of ${formatBytes(total)}`);
  };
}

function resultText(id: string, validation: BackupValidation, { style }: Terminal): string {
  const { level, result, durationMs, destination, problems } = validation;
  const head =
    result === 'valid'
      ? style('green', `valid (${level})`)
      : style('red', `damaged: ${count(problems.length, 'problem')}`);
  return [
    `${id}  ${head}  in ${formatMilliseconds(durationMs)}  ${destination}`,
    ...problems.map(({ code, message }) => `  ${code}: ${message}`),
  ].join('\n');
}
