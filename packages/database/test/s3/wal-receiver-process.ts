import { openDestination, receiveWal } from '@holdfast/database/backup';
import { receiveOptions } from '../wal-fixtures.ts';

/** A receiver into a bucket, to be killed: `URL PLACE SPOOL`. Says on its output what happens. */
const [url = '', destination = '', spool = ''] = process.argv.slice(2);
const place = {
  destination: openDestination(destination, '/'),
  compression: 'zstd',
  encryption: undefined,
  decryption: undefined,
  spool,
} as const;
await receiveWal(
  receiveOptions(url, place, new AbortController().signal, event => {
    process.stdout.write(`${event.kind}\n`);
  }),
);
