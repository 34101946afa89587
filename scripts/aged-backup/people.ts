import type { Random } from '@holdfast/core';
import { type Api, ask, type Device, refresh, said, signIn } from './device.ts';

export const PASSWORD = 'an hour is a long time';
const NEW_PASSWORD = 'an hour is a longer time';
const MINUTE_MS = 60_000;

/** What a user does in the hour after the backup, besides refreshing. */
export type Fate = 'stays' | 'signs out' | 'changes password' | 'is revoked' | 'comes later';

/** Of 100 users, how many have a fate other than to stay. */
const FATES = [
  ['signs out', 3],
  ['changes password', 2],
  ['is revoked', 3],
  ['comes later', 2],
] as const;

export interface Person {
  readonly email: string;
  readonly fate: Fate;
  /** The devices that must go on. */
  living: Device[];
  /** The devices whose session was ended, by whomever. */
  ended: Device[];
}

export function createPeople(count: number): Person[] {
  const fates: Fate[] = FATES.flatMap(([fate, many]) => Array.from({ length: many }, () => fate));
  return Array.from({ length: count }, (_, index) => ({
    email: `person-${index}@example.com`,
    fate: fates[index % 100] ?? 'stays',
    living: [],
    ended: [],
  }));
}

/** Before the backup: everybody but those who come later; who will change the password has a second device. */
export async function arrive(api: Api, person: Person): Promise<void> {
  if (person.fate === 'comes later') return;
  person.living.push(await signIn(api, person.email, PASSWORD));
  if (person.fate === 'changes password') person.living.push(await signIn(api, person.email, PASSWORD));
}

/** Something that is due so many milliseconds after the backup. */
export interface Due {
  readonly atMs: number;
  readonly run: () => Promise<void>;
}

export interface Scene {
  readonly api: Api;
  readonly administrator: Device;
  /** Told of every session that was refused although nobody had ended it. */
  readonly onLogout: (email: string, what: string) => void;
}

/** Access tokens last 15 minutes; a good client refreshes a little earlier. */
const BETWEEN_REFRESHES = 13;
const LATEST_FIRST = 7;
const REFRESHES = 5;

/** The hour of one person: four or five refreshes, and the fate at some moment of it. */
export function planHour(person: Person, hourMs: number, random: Random, scene: Scene): Due[] {
  const unit = hourMs / 60;
  const first = random.between(0, LATEST_FIRST) * unit;
  const due: Due[] = Array.from({ length: REFRESHES }, (_, turn) => ({
    atMs: first + turn * BETWEEN_REFRESHES * unit,
    run: () => refreshAll(person, scene),
  })).filter(({ atMs }) => atMs < hourMs);
  if (person.fate === 'stays') return due;
  // who comes later still has time for four refreshes
  const atMs = person.fate === 'comes later' ? 0 : random.between(0, 60) * unit;
  const change = { atMs, run: () => meetFate(person, scene) };
  return person.fate === 'comes later' ? [change, ...due] : [...due, change];
}

async function refreshAll(person: Person, { api, onLogout }: Scene): Promise<void> {
  for (const device of [...person.living]) {
    const refused = await refresh(api, device);
    if (refused === undefined) continue;
    onLogout(person.email, `refresh in the hour: ${refused}`);
    person.living = person.living.filter(each => each !== device);
  }
}

async function meetFate(person: Person, scene: Scene): Promise<void> {
  const { api } = scene;
  const [device, second] = person.living;
  if (person.fate === 'comes later') {
    person.living.push(await signIn(api, person.email, PASSWORD));
    return;
  }
  if (device === undefined) return;
  if (person.fate === 'signs out') {
    const body = { refreshToken: device.refreshToken };
    expect(await ask(api, 'logout', { method: 'POST', path: '/api/v1/auth/logout', body }), 204);
    end(person, device);
  } else if (person.fate === 'is revoked') {
    await revoke(scene, device.userId);
    end(person, device);
  } else {
    await changePassword(scene, device);
    if (second !== undefined) end(person, second);
  }
}

function end(person: Person, device: Device): void {
  person.living = person.living.filter(each => each !== device);
  person.ended.push(device);
}

async function changePassword({ api }: Scene, device: Device): Promise<void> {
  // the access token may have expired since the last refresh
  const refused = await refresh(api, device);
  if (refused !== undefined) throw new Error(`${device.email}: refresh ${refused}`);
  const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  const path = '/api/v1/users/me';
  expect(await ask(api, 'change password', { method: 'PATCH', path, bearer: device.accessToken, body }), 200);
}

async function revoke({ api, administrator }: Scene, userId: string): Promise<void> {
  const path = `/api/v1/admin/users/${userId}/sessions`;
  const attempt = () => ask(api, 'revoke', { method: 'DELETE', path, bearer: administrator.accessToken });
  let answer = await attempt();
  if (answer.status === 401) {
    await refresh(api, administrator);
    answer = await attempt();
  }
  expect(answer, 200);
}

function expect(answer: Parameters<typeof said>[0], status: number): void {
  if (answer.status !== status) throw new Error(`${said(answer)} instead of ${status}`);
}

export function minutes(ms: number): number {
  return Math.round(ms / MINUTE_MS);
}
