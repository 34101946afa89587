/**
 * `npm run doctor:matrix -- [--seed N --seeds N --stack own|other --only CODE --pairs N --healthy N --minutes N --json FILE --fix --kill]`: breaks running systems
 * in every way that is known, one at a time and two at once, and compares what the doctor says with what was done; examines sound ones as
 * well. Each fault is healed, and the system proven sound, before the next. Progress goes to stderr, Markdown to stdout.
 * `--fix [--kill]`: instead, `holdfast doctor --fix` repairs what it has hands for, and with `--kill` is killed in the middle of it once more.
 * Exit status: 0 all targets reached, 1 not, 2 wrong usage.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type FixOptions, runFixes } from './fix/fix-phase.ts';
import { passedFixes, renderFixes } from './fix/render-fixes.ts';
import { type MatrixResult, runMatrix } from './matrix.ts';
import { judge, renderMatrix } from './render.ts';
import type { StackName } from './system.ts';

const STACKS: readonly StackName[] = ['own', 'other'];
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '3' },
    stack: { type: 'string' },
    only: { type: 'string' },
    pairs: { type: 'string', default: '100' },
    healthy: { type: 'string', default: '300' },
    minutes: { type: 'string', default: '180' },
    json: { type: 'string' },
    fix: { type: 'boolean', default: false },
    kill: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const [seed, seeds, pairs, healthy, minutes] = [
    values.seed,
    values.seeds,
    values.pairs,
    values.healthy,
    values.minutes,
  ].map(Number) as [number, number, number, number, number];
  const only = STACKS.find(name => name === values.stack);
  if (
    ![seed, seeds, pairs, healthy].every(number => Number.isInteger(number) && number >= 0) ||
    !(minutes > 0)
  ) {
    console.error('--seed, --seeds, --pairs and --healthy are whole numbers, --minutes is one above 0');
    return 2;
  }
  if (values.stack !== undefined && only === undefined) {
    console.error(`--stack is one of ${STACKS.join(', ')}`);
    return 2;
  }
  if (values.kill && !values.fix) {
    console.error('--kill goes with --fix');
    return 2;
  }
  const end = performance.now() + minutes * MINUTE_MS;
  const common = {
    ...{ stacks: only === undefined ? STACKS : [only], seed, only: values.only },
    progress: { say: (line: string) => console.error(line), isOver: () => performance.now() > end },
  };
  if (values.fix) return repairAll(common);
  const result = await runMatrix({ ...common, seeds, pairs, healthy, onPart: write });
  await write(result);
  console.log(renderMatrix(result));
  return judge(result).passed ? 0 : 1;
}

async function repairAll(common: Omit<FixOptions, 'kill' | 'onCell'>): Promise<number> {
  const result = await runFixes({ ...common, kill: values.kill, onCell: save });
  await save(result);
  console.log(renderFixes(result));
  return passedFixes(result) ? 0 : 1;
}

function write(result: MatrixResult): Promise<void> {
  return save({ ...judge(result), ...result });
}

async function save(result: object): Promise<void> {
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
}
