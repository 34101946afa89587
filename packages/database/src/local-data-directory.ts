import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a server says of itself. */
export interface ClaimedDirectory {
  readonly dataDirectory: string;
  readonly port: number;
  readonly systemIdentifier: string;
}

/** At the beginning of pg_control in every version: system identifier, versions of the formats, state. */
const STATE_AT = 16;
const IN_PRODUCTION = 6;
const PORT_LINE = 3;

/**
 * Why the data directory of a server cannot be used here; undefined when it is on this machine, and readable. Of a server elsewhere
 * there may be a directory of the same name here.
 */
export async function whyNotHere(claimed: ClaimedDirectory): Promise<string | undefined> {
  const { dataDirectory, port, systemIdentifier } = claimed;
  try {
    const control = await readControl(dataDirectory);
    const isSame = control.systemIdentifier === systemIdentifier && control.state === IN_PRODUCTION;
    const lines = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '');
    const isHere = isSame && Number(lines.split('\n')[PORT_LINE]) === port;
    return isHere ? undefined : `${dataDirectory} here belongs to another one`;
  } catch (error) {
    return `${dataDirectory} cannot be read here (${(error as NodeJS.ErrnoException).code})`;
  }
}

async function readControl(
  dataDirectory: string,
): Promise<{ readonly systemIdentifier: string; readonly state: number }> {
  const file = await open(join(dataDirectory, 'global', 'pg_control'));
  try {
    const { buffer } = await file.read(Buffer.alloc(STATE_AT + 4), 0, STATE_AT + 4, 0);
    return {
      systemIdentifier: String(buffer.readBigUInt64LE(0)),
      state: buffer.readInt32LE(STATE_AT),
    };
  } finally {
    await file.close();
  }
}
