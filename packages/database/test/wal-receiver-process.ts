import { receiveWal } from '@holdfast/database/backup';
import { placeIn, receiveOptions } from './wal-fixtures.ts';

/** A receiver to be killed: `URL DIRECTORY`. Says on its output what happens. */
const [url = '', directory = ''] = process.argv.slice(2);
const options = receiveOptions(url, placeIn(directory), new AbortController().signal, event => {
  process.stdout.write(`${event.kind}\n`);
});
process.stdout.write('started\n');
await receiveWal(options);
