type EndWork = (failed: boolean) => Promise<void>;

const works: EndWork[] = [];

/**
 * Runs work when this process has nothing left to do, last registered first; `failed` tells whether a test failed. Not
 * run when the process is ended by force or by an uncaught error.
 */
export function atProcessEnd(work: EndWork): void {
  if (works.length === 0) process.once('beforeExit', letTestsFinish);
  works.push(work);
}

/** node:test closes its root suite, with its `after` hooks, at the first of these events, and only then sets the exit code. */
function letTestsFinish(): void {
  process.once('beforeExit', runWorks);
  setImmediate(() => undefined);
}

async function runWorks(): Promise<void> {
  const failed = (process.exitCode ?? 0) !== 0;
  for (let work = works.pop(); work !== undefined; work = works.pop()) {
    await work(failed).catch((error: unknown) => {
      process.exitCode = 1;
      process.stderr.write(`Cleaning up after the tests failed: ${String(error)}\n`);
    });
  }
}
