import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError, parseSettings, systemClock } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { homePaths } from '../src/home/home.ts';
import { buildKeeperApp } from '../src/http/app.ts';
import { ensureBreakGlassToken, readBreakGlassToken } from '../src/http/break-glass.ts';
import { createOperatorAuth } from '../src/http/operator-auth.ts';
import type { OpsTarget } from '../src/http/ops-routes.ts';
import type { SystemStatus } from '../src/status.ts';
import { createUpstream, type Upstream } from '../src/supervision/upstream.ts';

export const STATUS: SystemStatus = {
  status: 'trouble',
  version: '1.2.3',
  at: '2026-01-01T00:00:00.000Z',
  url: 'http://127.0.0.1:1',
  apiUrl: 'http://127.0.0.1:2',
  databaseUrl: 'postgresql://app:***@127.0.0.1:3/holdfast',
  home: '/secret/home',
  parts: [
    {
      part: 'server',
      managed: true,
      state: 'backing-off',
      ok: false,
      ready: null,
      since: '2026-01-01T00:00:00.000Z',
      pid: 4242,
      restarts: 3,
      retryAt: null,
      trouble: 'exit',
      reason: 'the API server exited with code 1: secret detail',
    },
  ],
  incidents: [
    {
      id: 'one',
      part: 'server',
      kind: 'exit',
      reason: 'the API server exited with code 1: secret detail',
      startedAt: '2026-01-01T00:00:00.000Z',
      recoveredAt: null,
      actions: ['started it again at once'],
    },
  ],
  sample: null,
  backups: {
    backup: {
      last: {
        kind: 'backup',
        at: '2026-01-01T02:00:00.000Z',
        outcome: 'failed',
        durationMs: 2_500,
        backup: 'b',
        reason: 'full',
      },
      lastGood: null,
      places: [
        { destination: '/a "b"', failed: true, lastGoodAt: null, bytes: null },
        { destination: 's3://c', failed: false, lastGoodAt: '2026-01-01T02:00:00.000Z', bytes: 4_096 },
      ],
    },
    drill: { last: null, lastGood: null, places: [] },
    nextBackupAt: null,
    nextDrillAt: null,
  },
  cleanup: {
    last: {
      at: '2026-01-01T03:10:00.000Z',
      outcome: 'failed',
      durationMs: 1_500,
      rows: { sessions: 12 },
      reason: 'login_attempts: secret detail',
    },
    nextAt: '2026-01-01T03:25:00.000Z',
  },
  wal: [
    {
      destination: '/secret/backups',
      slot: 'holdfast_00000000',
      state: 'streaming',
      durableLsn: '0/3000000',
      serverLsn: '0/3000100',
      lagBytes: 256,
      lastReceivedAt: '2026-01-01T03:10:00.000Z',
      reason: null,
    },
  ],
};

export interface TestApp {
  readonly app: FastifyInstance;
  readonly url: string;
  readonly home: string;
  readonly token: string;
  readonly upstream: Upstream;
  readonly restarted: string[];
  close(): Promise<void>;
}

/** A listening keeper application over a made-up system, with a real state directory. */
export async function startTestApp(upstreamUrl?: string, patienceMs = 200): Promise<TestApp> {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-keeper-app-'));
  const paths = homePaths(home);
  const { settings } = parseSettings([]);
  const upstream = createUpstream(systemClock, upstreamUrl);
  const restarted: string[] = [];
  ensureBreakGlassToken(paths.breakGlass);
  const app = await buildKeeperApp({
    settings,
    log: pino({ level: 'silent' }),
    upstream,
    clock: systemClock,
    patienceMs,
    corsOrigins: ['https://app.example.com'],
    target: fakeTarget(restarted),
    auth: createOperatorAuth({ paths, settings, clock: systemClock }),
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    url,
    home,
    token: readBreakGlassToken(paths.breakGlass) ?? '',
    upstream,
    restarted,
    close: async () => {
      await app.close();
      rmSync(home, { recursive: true });
    },
  };
}

function fakeTarget(restarted: string[]): OpsTarget {
  return {
    status: () => STATUS,
    incidents: limit => STATUS.incidents.slice(0, limit),
    incidentsOpened: () => 7,
    samples: async () => [],
    databaseHealth: () => undefined,
    restart: part => {
      if (part === 'postgres') throw new HoldfastError('not_found', 'This keeper does not manage postgres.');
      restarted.push(part);
    },
    takeOver: async id => {
      throw new HoldfastError('not_found', `No restore ${id} is prepared.`);
    },
    diagnose: async () => ({ text: 'The API process was not running.', diagnosis: { status: 'findings' } }),
  };
}
