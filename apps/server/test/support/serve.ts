import { readFileSync } from 'node:fs';
import { startServer } from '../../src/index.ts';
import { testSettings } from './settings.ts';

/** A server as a process of its own: its options are JSON in a file, SIGTERM stops it, and then nothing holds it back. */
interface ServeOptions {
  readonly home: string;
  readonly values: Readonly<Record<string, string>>;
}

const { home, values } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ServeOptions;
const server = await startServer({ settings: testSettings(values), home, port: 0 });
process.once('SIGTERM', () => void server.close());
