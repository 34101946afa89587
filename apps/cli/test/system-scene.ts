import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { installedVersions, startSystemPostgres } from '@holdfast/testing';

export interface SystemScene {
  /** Of PostgreSQL, as its directory is called. */
  readonly version: string;
  readonly superuserUrl: string;
  /** A state directory. */
  readonly home: string;
}

/** The newest PostgreSQL that the system has and a state directory, until the test is over; undefined, and the test skipped, where it has none. */
export async function systemScene(t: TestContext): Promise<SystemScene | undefined> {
  const version = (await installedVersions()).at(-1);
  if (version === undefined) {
    t.skip('there is no PostgreSQL of the system');
    return undefined;
  }
  const server = await startSystemPostgres(version);
  t.after(() => server.stop());
  const home = await mkdtemp(join(tmpdir(), 'hf-system-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  return { version, superuserUrl: server.superuserUrl, home };
}
