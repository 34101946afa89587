/**
 * A program for the cluster tests, which kill it: starts the cluster of the state directory given, prints one line of
 * JSON for each step and for the outcome, and stays until it is killed or its input ends.
 */
import { isHoldfastError } from '@holdfast/core';
import { startCluster } from '@holdfast/postgres/cluster';

const [home = ''] = process.argv.slice(2);
const print = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const cluster = await startCluster({
    home,
    sharedDir: `${home}/shared`,
    settings: { fsync: 'off', shared_buffers: '16MB' },
    onProgress: step => print({ step }),
  });
  const { pid, adopted, ownerUrl } = cluster;
  print({ started: true, pid, adopted, ownerUrl });
  process.stdin.resume();
} catch (error) {
  if (!isHoldfastError(error)) throw error;
  print({ started: false, code: error.code, message: error.message });
}
