import { HoldfastError } from '@holdfast/core';
import { awaitReady, logSize, readLogSince } from './await-ready.ts';
import { writeConfiguration } from './configuration.ts';
import { findFreePort, isPortFree } from './ports.ts';
import { type Postmaster, spawnPostmaster, stopPostmaster } from './postmaster.ts';
import { remember, type Start, superuserUrl } from './start.ts';

const PORT_ATTEMPTS = 5;
const LOG_LINES = 12;

/** Starts a server on a data directory that is ready for it; on another port when the one chosen was taken meanwhile. */
export async function launch(start: Start): Promise<Postmaster> {
  const { home, placement, binaries, onProgress } = start;
  for (let attempt = 1; ; attempt += 1) {
    await remember(start, { port: await choosePort(start, attempt) });
    await writeConfiguration(placement.dataDir, placement.user, start.settings);
    onProgress('starting PostgreSQL');
    const position = await logSize(home);
    const postmaster = await spawnPostmaster({ ...placement, binaries, home, port: start.record.port });
    const readiness = await awaitReady({ ...start, postmaster, superuserUrl: superuserUrl(start) });
    if (readiness === 'ready') return postmaster;
    if (readiness === 'hung') await stopPostmaster(postmaster, 'immediate', start.clock);
    const log = await readLogSince(home, position);
    const lostPort = log.includes('Address already in use');
    if (lostPort && start.requestedPort !== 0) throw portInUse(start.requestedPort);
    if (!lostPort || attempt === PORT_ATTEMPTS) throw didNotStart(readiness, log);
  }
}

async function choosePort({ requestedPort, record }: Start, attempt: number): Promise<number> {
  if (requestedPort !== 0) {
    if (await isPortFree(requestedPort)) return requestedPort;
    throw portInUse(requestedPort);
  }
  const canStay = attempt === 1 && record.port !== 0 && (await isPortFree(record.port));
  return canStay ? record.port : findFreePort();
}

function portInUse(port: number): HoldfastError {
  const message = `Port ${port} is in use by another program. Choose another with HOLDFAST_POSTGRES_PORT, or 0 for any free one`;
  return new HoldfastError('port_in_use', message, { details: { port } });
}

function didNotStart(readiness: 'exited' | 'hung', log: string): HoldfastError {
  const what = readiness === 'hung' ? 'PostgreSQL does not answer' : 'PostgreSQL did not start';
  const lines = log.split('\n').slice(-LOG_LINES).join('\n');
  return new HoldfastError('cluster_failed', `${what}. The end of its log:\n${lines}`);
}
