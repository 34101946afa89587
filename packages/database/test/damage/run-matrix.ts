import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, isHoldfastError } from '@holdfast/core';
import { SeededRandom } from '@holdfast/testing';
import {
  addFile,
  type Damage,
  EDITS,
  editManifest,
  type Flip,
  flipBytes,
  removeFile,
  swapFiles,
  together,
  truncate,
} from './damages.ts';
import { type RealBackup, storedPaths, verify } from './real-backups.ts';

export type DamageKind = 'flips' | 'truncations' | 'missing' | 'swapped' | 'added' | 'edited';

export interface Tally {
  readonly made: number;
  readonly found: number;
}

export interface MatrixRow {
  readonly kind: string;
  readonly files: number;
  readonly bytes: number;
  readonly tallies: Readonly<Record<DamageKind, Tally>>;
  /** What was missed, or named otherwise than it should be; with how to do it again. */
  readonly missed: readonly string[];
}

export interface MatrixOptions {
  readonly flips: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** Of the manifest; a record of a validation and the manifest itself have none. */
  readonly sha256: string | undefined;
}

/** Flips that one verification has to find; each in another file, and every file must be named. */
const FLIPS_AT_ONCE = 8;
/** Which files are truncated and removed. */
const FILES_TRIED = 6;
const FORGED_RECORD = 'validations/20990101T000000000Z-drill.json';

/**
 * Damages a backup in every way that level `files` promises to find, one thing after the other, and undoes each. The untouched
 * backup is verified before and after, and must be found whole.
 */
export async function runMatrix(
  backup: RealBackup,
  { flips, seed, signal }: MatrixOptions,
): Promise<MatrixRow> {
  const random = new SeededRandom(seed);
  const files = await filesOf(backup);
  const missed: string[] = [];
  const count = async (damages: AsyncIterable<Damage>): Promise<Tally> => {
    let [made, found] = [0, 0];
    for await (const damage of damages) {
      signal.throwIfAborted();
      const said = await problemsOf(backup);
      await damage.undo();
      made += damage.expected.length;
      // the manifest of a later version is refused: the byte may have been that number
      const right = (what: string): boolean => said.includes(what) || said[0] === 'backup_not_possible';
      found += damage.expected.filter(right).length;
      const isWrong = !damage.expected.every(right) || said.length > damage.expected.length;
      if (isWrong) missed.push(`${damage.what}: said ${said.join(', ') || 'nothing'}`);
    }
    return { made, found };
  };
  await assertWhole(backup);
  const tallies = {
    flips: await count(flipDamages(backup, files, flips, random)),
    truncations: await count(truncations(backup, files, random)),
    missing: await count(removals(backup, files, random)),
    swapped: halved(await count(swaps(backup, files, random))),
    added: await count(additions(backup)),
    edited: await count(edits(backup)),
  };
  await assertWhole(backup);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { kind: backup.kind, files: files.length, bytes, tallies, missed };
}

async function filesOf({ root, manifest }: RealBackup): Promise<StoredFile[]> {
  const known = new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]));
  const paths = await storedPaths(root);
  return Promise.all(
    paths.map(async path => ({
      path,
      bytes: (await stat(join(root, path))).size,
      sha256: known.get(path),
    })),
  );
}

/** Sorted, `code path`; the code of the error when it could not be verified at all. */
async function problemsOf(backup: RealBackup): Promise<string[]> {
  try {
    const { validation } = await verify(backup);
    return validation.problems.map(({ code, subject }) => `${code} ${subject}`).sort();
  } catch (error) {
    return [isHoldfastError(error) ? error.code : errorMessage(error)];
  }
}

async function assertWhole(backup: RealBackup): Promise<void> {
  const problems = await problemsOf(backup);
  if (problems.length > 0) throw new Error(`${backup.kind} is not whole: ${problems.join(', ')}`);
}

async function* flipDamages(
  { root }: RealBackup,
  files: readonly StoredFile[],
  count: number,
  random: SeededRandom,
): AsyncGenerator<Damage> {
  const filled = files.filter(({ bytes }) => bytes > 0);
  for (let made = 0; made < count; ) {
    const flips = chooseFlips(filled, Math.min(FLIPS_AT_ONCE, count - made), random);
    made += flips.length;
    yield await flipBytes(root, flips);
  }
}

/** So many at most, in different files; one in the manifest alone, since of an edited manifest nothing more is believed. */
function chooseFlips(files: readonly StoredFile[], most: number, random: SeededRandom): Flip[] {
  const flips: Flip[] = [];
  while (flips.length < most) {
    const flip = chooseFlip(files, random);
    const alone = flip.path === 'manifest.json';
    if (flips.length > 0 && (alone || flips.some(({ path }) => path === flip.path))) break;
    flips.push(flip);
    if (alone) break;
  }
  return flips;
}

/** Half of the places are in any file alike, so that small ones are met, half in any byte alike. */
function chooseFlip(files: readonly StoredFile[], random: SeededRandom): Flip {
  const { path, bytes } = random.chance(0.5) ? any(files, random) : byWeight(files, random);
  const bits = random.chance(0.5) ? 1 << random.whole(0, 7) : random.whole(1, 255);
  return { path, offset: random.whole(0, bytes - 1), bits };
}

function any(files: readonly StoredFile[], random: SeededRandom): StoredFile {
  const [first, ...others] = files;
  if (first === undefined) throw new Error('there are no files');
  return random.pick([first, ...others]);
}

function byWeight(files: readonly StoredFile[], random: SeededRandom): StoredFile {
  let rest = random.next() * files.reduce((sum, { bytes }) => sum + bytes, 0);
  const found = files.find(({ bytes }) => {
    rest -= bytes;
    return rest < 0;
  });
  return found ?? any(files, random);
}

async function* truncations(
  { root }: RealBackup,
  files: readonly StoredFile[],
  random: SeededRandom,
): AsyncGenerator<Damage> {
  const [manifest, ...others] = some(
    files.filter(({ bytes }) => bytes > 2),
    random,
  );
  for (const left of [() => 0, () => 1, half, (bytes: number) => bytes - 1]) {
    const cut = (list: readonly StoredFile[]): Promise<Damage> =>
      together(
        list.map(
          ({ path, bytes }) =>
            () =>
              truncate(root, path, left(bytes)),
        ),
      );
    if (manifest !== undefined) yield await cut([manifest]);
    yield await cut(others);
  }
}

function half(bytes: number): number {
  return Math.floor(bytes / 2);
}

/** A record of a validation may go: it is no part of the backup. */
async function* removals(
  { root }: RealBackup,
  files: readonly StoredFile[],
  random: SeededRandom,
): AsyncGenerator<Damage> {
  const needed = files.filter(({ path }) => !path.startsWith('validations/'));
  const [manifest, ...others] = some(needed, random);
  if (manifest !== undefined) yield await removeFile(root, manifest.path);
  yield await together(
    others.map(
      ({ path }) =>
        () =>
          removeFile(root, path),
    ),
  );
}

/** The manifest first, a record, and others by chance; fewer when there are fewer. */
function some(files: readonly StoredFile[], random: SeededRandom): StoredFile[] {
  // in the order of their names the manifest goes before the records
  const own = files.filter(({ sha256 }) => sha256 === undefined).slice(0, 2);
  const others = files.filter(({ sha256 }) => sha256 !== undefined);
  const chosen = new Set(own);
  while (chosen.size < Math.min(FILES_TRIED, own.length + others.length)) chosen.add(any(others, random));
  return [...chosen];
}

async function* swaps(
  { root }: RealBackup,
  files: readonly StoredFile[],
  random: SeededRandom,
): AsyncGenerator<Damage> {
  const others = files.filter(({ sha256 }) => sha256 !== undefined);
  const pairs = others.flatMap((one, at) =>
    others.slice(at + 1).flatMap(other => (one.sha256 === other.sha256 ? [] : [[one, other] as const])),
  );
  const alike = pairs.filter(([one, other]) => one.bytes === other.bytes);
  for (const list of [alike, pairs]) {
    const [one, other] = list[random.whole(0, list.length - 1)] ?? [];
    if (one !== undefined && other !== undefined) yield await swapFiles(root, one.path, other.path);
  }
}

/** Two problems are one swap. */
function halved({ made, found }: Tally): Tally {
  return { made: made / 2, found: Math.floor(found / 2) };
}

async function* additions({ root }: RealBackup): AsyncGenerator<Damage> {
  const paths = ['added', 'a directory/added.zst', 'manifest.json.old', FORGED_RECORD];
  yield await together(paths.map(path => () => addFile(root, path)));
}

async function* edits({ root }: RealBackup): AsyncGenerator<Damage> {
  for (const edit of Object.keys(EDITS)) {
    for (const hash of ['left', 'forged'] as const) yield await editManifest(root, edit, hash);
  }
}
