/** `npm run check`: everything CI runs, each step timed. All steps run, even after one failed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const ROOT = join(import.meta.dirname, '..');
const SOURCE = '--conditions=holdfast-source';

const STEPS: readonly Step[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'lint and format', command: 'biome', args: ['check', '.'] },
  { name: 'architecture', command: 'node', args: [SOURCE, '--test', 'test/architecture.test.ts'] },
  { name: 'tests', command: 'node', args: [SOURCE, 'scripts/test.ts'] },
];

const results = [];
for (const step of STEPS) results.push(await runStep(step));

console.log('\n─── check');
for (const { name, seconds, passed } of results) {
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${seconds.toFixed(1).padStart(7)} s`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;

async function runStep({ name, command, args }: Step) {
  console.log(`\n─── ${name}`);
  const startedAt = performance.now();
  const passed = await succeeds(command, args);
  return { name, passed, seconds: (performance.now() - startedAt) / 1000 };
}

/** Through a shell-less spawn of the tools in node_modules/.bin, which npm puts on the PATH. */
async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: toolPath() },
  });
  try {
    const [code] = await once(child, 'exit');
    return code === 0;
  } catch (error) {
    console.error(error);
    return false;
  }
}

function toolPath(): string {
  return `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`;
}
