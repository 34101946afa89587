import { rm } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { type BackupBench, startBackupBench } from './lib/backup-bench.ts';
import { BACKUPS, backupWays, removeAll, type Way } from './lib/backup-sides.ts';
import {
  alternate,
  type Benchmark,
  type Comparison,
  format,
  median,
  type Result,
  summarize,
  type Target,
} from './lib/benchmark.ts';
import { DEBIAN_VERSION } from './lib/debian-postgres.ts';
import { temporaryHome } from './lib/holdfast.ts';
import { RESTORES, restoreWays } from './lib/restore-sides.ts';
import { measureUsage, type Usage } from './lib/usage.ts';

const SIZES = [100, 700, 2_000];
/** Every size once more costs minutes. */
const MOST_ROUNDS = 3;
/** After this no further round is begun; one is made of everything. */
const BUDGET_MS = 22 * 60_000;

const BACKUP_TARGETS: readonly Target[] = [
  { side: BACKUPS.zstd, baseline: BACKUPS.baseZstd, target: '≤ 1.15 (physical, zstd)' },
  { side: BACKUPS.zstd, baseline: BACKUPS.baseZstdThreads, target: 'for orientation (physical, zstd)' },
  { side: BACKUPS.zstd, baseline: BACKUPS.pgbackrest, target: 'for orientation (physical, zstd)' },
  { side: BACKUPS.plain, baseline: BACKUPS.basePlain, target: '≤ 1.15 (physical, uncompressed)' },
  { side: BACKUPS.gzip, baseline: BACKUPS.baseGzip, target: '≤ 1.15 (physical, gzip)' },
  { side: BACKUPS.logical, baseline: BACKUPS.dump, target: '≤ 1.15 (logical)' },
];

const RESTORE_TARGETS: readonly Target[] = [
  { side: RESTORES.extract, baseline: RESTORES.base, target: '≤ 1.15 (extract, recovery)' },
  { side: RESTORES.extract, baseline: RESTORES.pgbackrest, target: 'for orientation (extract, recovery)' },
  { side: RESTORES.drill, baseline: RESTORES.base, target: 'for orientation (drill)' },
  { side: RESTORES.logical, baseline: RESTORES.dump, target: '≤ 1.4 (restore with all checks)' },
];

/**
 * Backups and restores against PostgreSQL's own programs and pgBackRest, at several sizes, as whole processes. `--size MB` chooses
 * other sizes. Bounded: about 25 minutes, with fewer rounds where the machine is slow.
 */
export const backup: Benchmark = {
  name: 'backup',
  run: async ({ rounds, sizes, progress }) => {
    const budget = { until: performance.now() + BUDGET_MS, rounds: Math.min(rounds, MOST_ROUNDS) };
    const measured: Measured[] = [];
    for (const size of sizes.length > 0 ? sizes : SIZES) {
      measured.push(await measureSize(size, budget, progress));
    }
    const all = measured.flatMap(({ backups, restores }) => [backups, restores]);
    return [...all, growth('backups', measured), growth('restores', measured)];
  },
};

interface Budget {
  readonly until: number;
  readonly rounds: number;
}

/** What one size took. */
interface Measured {
  /** Of the server, as filled. */
  readonly megabytes: number;
  readonly backups: Result;
  readonly restores: Result;
}

async function measureSize(
  megabytes: number,
  budget: Budget,
  progress: (line: string) => void,
): Promise<Measured> {
  const home = await temporaryHome();
  try {
    progress(`  filling ${megabytes} MB`);
    const bench = await startBackupBench(home, megabytes);
    try {
      const backups = await measure(bench, `backup, ${megabytes} MB`, backupWays(bench), budget, progress);
      const ways = await restoreWays(bench);
      const restores = await measure(bench, `restore, ${megabytes} MB`, ways, budget, progress);
      return {
        megabytes: bench.megabytes,
        backups: withTargets(backups, BACKUP_TARGETS),
        restores: withTargets(restores, RESTORE_TARGETS),
      };
    } finally {
      await bench.stop();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function measure(
  bench: BackupBench,
  name: string,
  ways: readonly Way[],
  budget: Budget,
  progress: (line: string) => void,
): Promise<Result> {
  const usages = new Map<string, Usage[]>(ways.map(way => [way.name, []]));
  const sides = ways.map(way => ({
    name: way.name,
    measure: async () => {
      const usage = await runOnce(bench, way);
      usages.get(way.name)?.push(usage);
      return usage.seconds;
    },
  }));
  const before = loadavg()[0] ?? 0;
  const samples = new Map<string, number[]>(ways.map(way => [way.name, []]));
  let rounds = 0;
  do {
    // beginning with another side each time
    const turned = [...sides.slice(rounds % sides.length), ...sides.slice(0, rounds % sides.length)];
    for (const [side, values] of await alternate(turned, 1, progress)) samples.get(side)?.push(...values);
    rounds += 1;
  } while (rounds < budget.rounds && performance.now() < budget.until);
  const result = summarize(
    { benchmark: name, unit: 's', rounds, notes: notesOf(bench, before) },
    samples,
    [],
  );
  return { ...result, sides: result.sides.map(side => ({ ...side, more: columns(usages.get(side.name)) })) };
}

async function runOnce(bench: BackupBench, way: Way): Promise<Usage> {
  const directory = await bench.newDirectory();
  try {
    return await measureUsage(async () => void (await way.run(directory)), [bench.server.pid]);
  } finally {
    await removeAll(directory);
    await way.after?.();
  }
}

function notesOf(bench: BackupBench, loadBefore: number): string[] {
  return [
    `Seconds for ${Math.round(bench.megabytes)} MB, whole processes; server and clients are PostgreSQL ${DEBIAN_VERSION} of Debian.`,
    'CPU is user and system time of all processes, the server included; memory is the peak of the programs without the server and without shared memory.',
    `Load average of the machine (1 minute): ${loadBefore.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after.`,
  ];
}

const CPU = 'CPU s';

function columns(usages: readonly Usage[] = []): Record<string, string> {
  return {
    [CPU]: format(median(usages.map(({ cpuSeconds }) => cpuSeconds))),
    MiB: format(median(usages.map(({ peakMiB }) => peakMiB))),
  };
}

function cpuOf({ more }: Result['sides'][number]): number {
  return Number(more?.[CPU]?.replaceAll(',', ''));
}

/** By time, then by processor time; only of what was measured. */
function withTargets(result: Result, targets: readonly Target[]): Result {
  const sideOf = (name: string) => result.sides.find(side => side.name === name);
  const comparisons = targets.flatMap(({ side, baseline, target }): Comparison[] => {
    const [one, other] = [sideOf(side), sideOf(baseline)];
    if (one === undefined || other === undefined) return [];
    const cpu = cpuOf(one) / cpuOf(other);
    return [
      { side, against: baseline, ratio: one.median / other.median, target },
      { side, against: `${baseline}, CPU`, ratio: cpu, target: 'for orientation' },
    ];
  });
  return { ...result, comparisons };
}

/** How each side grows: seconds for a gigabyte at every size. */
function growth(kind: 'backups' | 'restores', measured: readonly Measured[]): Result {
  const some = measured.map(one => ({ megabytes: one.megabytes, result: one[kind] }));
  const names = [...new Set(some.flatMap(({ result }) => result.sides.map(({ name }) => name)))];
  const sides = names.map(name => {
    const perGigabyte = some.map(({ megabytes, result }) => {
      const side = result.sides.find(candidate => candidate.name === name);
      return side === undefined ? undefined : (side.median / megabytes) * 1_000;
    });
    const samples = perGigabyte.filter(value => value !== undefined);
    const titled = some.map(({ megabytes }, at): [string, string] => {
      const value = perGigabyte[at];
      return [`${Math.round(megabytes)} MB`, value === undefined ? '' : format(value)];
    });
    return { name, median: samples.at(-1) ?? Number.NaN, samples, more: Object.fromEntries(titled) };
  });
  const rounds = Math.min(...some.map(({ result }) => result.rounds));
  const notes = ['Seconds for each 1,000 MB; the first column is of the largest size that was measured.'];
  return { benchmark: `${kind}, growth`, unit: 's per GB', rounds, notes, sides, comparisons: [] };
}
