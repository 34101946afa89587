import { HoldfastError } from '@holdfast/core';
import { type SurveyedBackup, surveyBackups } from '@holdfast/database/backup';
import type { ExitCode } from '../exit-codes.ts';
import type { BackupContext } from './backup-options.ts';
import { type BackupPlaces, openPlaces } from './backup-places.ts';
import { findEverywhere } from './show.ts';

interface Copied {
  readonly id: string;
  readonly destination: string;
  /** Null when it is there now. */
  readonly problem: string | null;
}

/** `holdfast backup copy [ID|--all]`: brings backups to the destinations that have them not. */
export async function runCopy(
  { options, configuration, terminal }: BackupContext,
  [id]: readonly string[],
): Promise<ExitCode> {
  if (options.all === true && id !== undefined)
    throw new HoldfastError('usage', 'copy takes an id or --all, not both.');
  const places = await openPlaces(configuration(), { options });
  const backups =
    options.all === true
      ? (await surveyBackups(places.repositories)).backups
      : [await findEverywhere(places.repositories, id ?? 'latest')];
  const copied: Copied[] = [];
  for (const backup of backups.toReversed()) {
    copied.push(...(await copyOne(places, backup, text => terminal.progress(text))));
  }
  terminal.result({ copied }, () =>
    copied.length === 0
      ? 'Every destination has it.'
      : copied
          .map(
            item => `${item.id}  ${item.problem === null ? `copied to ${item.destination}` : item.problem}`,
          )
          .join('\n'),
  );
  return copied.some(({ problem }) => problem !== null) ? 1 : 0;
}

async function copyOne(
  { repositories }: BackupPlaces,
  { manifest, copies }: SurveyedBackup,
  progress: (text: string) => void,
): Promise<Copied[]> {
  const [source] = copies;
  const lacking = repositories.filter(repository => copies.every(copy => copy.repository !== repository));
  const copied: Copied[] = [];
  for (const repository of source === undefined ? [] : lacking) {
    const destination = repository.destination.name;
    progress(`copying ${manifest.id} to ${destination}`);
    try {
      if (source !== undefined) await repository.copyFrom(source.repository, { manifest });
      copied.push({ id: manifest.id, destination, problem: null });
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      copied.push({ id: manifest.id, destination, problem: error.message });
    }
  }
  return copied;
}
