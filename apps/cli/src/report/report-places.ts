import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { homePaths } from '@holdfast/keeper';

const MAX_PLACES = 20;

function placesFile(home: string): string {
  return join(homePaths(home).reports, 'report-places.json');
}

/** Where reports are put when nobody says otherwise. */
export function defaultPlace(home: string): string {
  return join(homePaths(home).reports, 'doctor');
}

/** The directories that reports of this state directory were written to, the last one first. Never throws. */
export async function knownPlaces(home: string): Promise<string[]> {
  const text = await readFile(placesFile(home), 'utf8').catch(() => '[]');
  return [...new Set([...parsePlaces(text), defaultPlace(home)])];
}

function parsePlaces(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
  } catch {
    return [];
  }
}

/** Notes a directory, so that `holdfast report` finds it; does nothing where there is no state directory. */
export async function rememberPlace(home: string, directory: string): Promise<void> {
  const places = [directory, ...(await knownPlaces(home)).filter(place => place !== directory)];
  const path = placesFile(home);
  try {
    // not recursive: a state directory that is not there is not made
    await mkdir(dirname(path), { mode: 0o700 }).catch(refuseUnlessThere);
    await writeFile(`${path}.new`, `${JSON.stringify(places.slice(0, MAX_PLACES))}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch {
    // the report itself is written, and its directory was named
  }
}

function refuseUnlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
