import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createPasswordHasher } from '@holdfast/auth/passwords';
import { createRandom, inGroups, type Random } from '@holdfast/core';
import { closeCalls } from '../soak/call.ts';
import { type Api, type Device, findTrouble, readMe, refresh, said, signIn } from './device.ts';
import { arrive, createPeople, type Due, minutes, PASSWORD, type Person, planHour } from './people.ts';
import { type HoldfastSystem, startHoldfast } from './system.ts';

export interface AgedOptions {
  readonly users: number;
  readonly minutes: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

export interface AgedResult {
  readonly users: number;
  readonly seed: number;
  /** How old the backup was when it was restored, in minutes. */
  readonly backupMinutes: number;
  readonly restoreSeconds: number;
  /** Sessions that nobody had ended, asked after the restore; of them how many began after the backup. */
  readonly living: number;
  readonly begunAfterBackup: number;
  /** The fewest and the most refreshes of one of them between backup and restore. */
  readonly rotations: readonly [number, number];
  /** Sessions that were ended after the backup, tried after the restore by both tokens. */
  readonly ended: number;
  readonly logouts: readonly string[];
  readonly revived: readonly string[];
  readonly answers: Readonly<Record<string, number>>;
  readonly passed: boolean;
}

const AT_ONCE = 6;
const MINUTE_MS = 60_000;
const ADMINISTRATOR = 'administrator@example.com';

/** Users sign in, a backup is made, time passes in which all of them refresh, the backup is restored: who is still signed in? */
export async function playAged(options: AgedOptions): Promise<AgedResult> {
  const home = await mkdtemp(join(tmpdir(), 'hf-aged-'));
  // run by root, PostgreSQL is another user and must get in
  await chmod(home, 0o755);
  try {
    const system = await startHoldfast(home);
    try {
      return await live(options, home, system);
    } finally {
      await system.stop();
    }
  } finally {
    closeCalls();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function live(options: AgedOptions, home: string, system: HoldfastSystem): Promise<AgedResult> {
  const { signal, progress } = options;
  const api: Api = { url: system.url, signal, answers: new Map() };
  const people = createPeople(options.users);
  await importPeople(people, home, system);
  progress(`${people.length} accounts; signing in`);
  await inGroups(people, AT_ONCE, person => arrive(api, person));
  const administrator = await signIn(api, ADMINISTRATOR, PASSWORD);
  const backupId = await makeBackup(system);
  const backupAt = Date.now();
  progress(`backup ${backupId} at ${new Date(backupAt).toISOString()}`);
  for (const device of devicesOf(people)) device.rotations = 0;
  const logouts: string[] = [];
  const scene = {
    api,
    administrator,
    onLogout: (email: string, what: string) => logouts.push(`${email}: ${what}`),
  };
  const random = createRandom(options.seed);
  await passTime(planAll(people, options, random, scene), { backupAt, ...options });
  const ageMs = Date.now() - backupAt;
  const rotations = devicesOf(people).map(device => device.rotations);
  const begun = performance.now();
  progress(`restoring ${backupId}, ${minutes(ageMs)} minutes old`);
  await system.run('restore', backupId, '--yes');
  await system.ready();
  const restoreSeconds = Math.round((performance.now() - begun) / 100) / 10;
  progress(`in service after ${restoreSeconds} s; asking everybody`);
  const living = devicesOf(people);
  const ended = people.flatMap(person => person.ended);
  await inGroups(living, AT_ONCE, device => askLiving(api, device, logouts));
  const revived: string[] = [];
  await inGroups(ended, AT_ONCE, device => askEnded(api, device, revived));
  return {
    ...{ users: options.users, seed: options.seed, restoreSeconds, logouts, revived },
    backupMinutes: minutes(ageMs),
    living: living.length,
    begunAfterBackup: people.filter(({ fate }) => fate === 'comes later').length,
    rotations: [Math.min(...rotations), Math.max(...rotations)],
    ended: ended.length,
    answers: Object.fromEntries([...api.answers].toSorted(([a], [b]) => a.localeCompare(b))),
    passed: logouts.length === 0 && revived.length === 0,
  };
}

function devicesOf(people: readonly Person[]): Device[] {
  return people.flatMap(person => person.living);
}

async function importPeople(people: readonly Person[], home: string, { run }: HoldfastSystem): Promise<void> {
  const passwordHash = await createPasswordHasher().hash(PASSWORD);
  const lines = people.map(({ email }) => JSON.stringify({ email, passwordHash }));
  const administrator = JSON.stringify({ email: ADMINISTRATOR, passwordHash, roles: ['admin'] });
  const file = join(home, 'people.ndjson');
  await writeFile(file, `${[administrator, ...lines].join('\n')}\n`, { mode: 0o600 });
  await run('import', 'users', file);
}

async function makeBackup({ run }: HoldfastSystem): Promise<string> {
  const { backups } = (await run('backup')) as {
    readonly backups: readonly { readonly backup: { readonly id: string } | null }[];
  };
  const id = backups[0]?.backup?.id;
  if (id === undefined) throw new Error('the backup has no id');
  return id;
}

function planAll(
  people: readonly Person[],
  options: AgedOptions,
  random: Random,
  scene: Parameters<typeof planHour>[3],
): Due[] {
  const hourMs = options.minutes * MINUTE_MS;
  return people
    .flatMap(person => {
      const own = planHour(person, hourMs, random.fork(), scene);
      return oneAfterTheOther(own);
    })
    .toSorted((one, other) => one.atMs - other.atMs);
}

/** A person does one thing at a time. */
function oneAfterTheOther(due: readonly Due[]): Due[] {
  let last: Promise<void> = Promise.resolve();
  return due.map(({ atMs, run }) => ({
    atMs,
    run: () => {
      last = last.then(run);
      return last;
    },
  }));
}

interface Passing {
  readonly backupAt: number;
  readonly minutes: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

const TURNS = 20;

/** Everything that is due, when it is due. */
async function passTime(due: readonly Due[], passing: Passing): Promise<void> {
  const { backupAt, signal, progress } = passing;
  const until = (moment: number): Promise<void> =>
    delay(Math.max(0, moment - Date.now()), undefined, { signal });
  const turnMs = (passing.minutes * MINUTE_MS) / TURNS;
  for (let turn = 1; turn <= TURNS; turn += 1) {
    const now = due.filter(({ atMs }) => atMs >= (turn - 1) * turnMs && atMs < turn * turnMs);
    await inGroups(now, AT_ONCE, async ({ atMs, run }) => {
      await until(backupAt + atMs);
      await run();
    });
    progress(`${minutes(Date.now() - backupAt)} minutes after the backup: ${now.length} things done`);
  }
  await until(backupAt + passing.minutes * MINUTE_MS);
}

async function askLiving(api: Api, device: Device, logouts: string[]): Promise<void> {
  // with the access token from before the restore, which may have expired and must not have been revoked
  const before = await readMe(api, device);
  if (before.status !== 200 && before.code !== 'token_expired')
    logouts.push(`${device.email}: users/me with the old access token: ${said(before)}`);
  const trouble = await findTrouble(api, device);
  if (trouble !== undefined) logouts.push(`${device.email}: ${trouble}`);
}

async function askEnded(api: Api, device: Device, revived: string[]): Promise<void> {
  const me = await readMe(api, device);
  if (me.status !== 401) revived.push(`${device.email}: users/me: ${said(me)}`);
  const refused = await refresh(api, device);
  if (refused === undefined) revived.push(`${device.email}: refreshed`);
}
