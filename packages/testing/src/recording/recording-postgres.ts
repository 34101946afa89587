import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Passes connections on to a PostgreSQL and remembers the statements that clients send. */
export interface RecordingPostgres {
  /** The given URL, by way of the recorder. */
  urlOf(url: string): string;
  readonly statements: readonly string[];
  close(): Promise<void>;
}

export async function startRecordingPostgres(upstream: {
  readonly host: string;
  readonly port: number;
}): Promise<RecordingPostgres> {
  const statements: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    const database = connect(upstream);
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    const read = createReader(statement => statements.push(statement));
    client.on('data', read);
    client.pipe(database).pipe(client);
    client.on('error', () => database.destroy());
    database.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    urlOf: url => {
      const changed = new URL(url);
      changed.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      return changed.href;
    },
    statements,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const LENGTH_BYTES = 4;
const QUERY = 'Q'.charCodeAt(0);
const PARSE = 'P'.charCodeAt(0);

/** Reads what a client sends (manual, "Message Formats"): the first messages have no type, and Query and Parse hold a statement. */
function createReader(onStatement: (statement: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  return chunk => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = endOf(rest, started); end !== undefined; end = endOf(rest, started)) {
      const body = rest.subarray((started ? 1 : 0) + LENGTH_BYTES, end);
      if (started) readMessage(rest[0] ?? 0, body, onStatement);
      else started = isStartup(body);
      rest = rest.subarray(end);
    }
  };
}

/** Where the first message ends; undefined until it is there. */
function endOf(bytes: Buffer, started: boolean): number | undefined {
  const head = started ? 1 : 0;
  if (bytes.length < head + LENGTH_BYTES) return undefined;
  const end = head + bytes.readInt32BE(head);
  return bytes.length < end ? undefined : end;
}

/** Not a request for encryption (1234.5679 and 1234.5680) or for the end of another session (1234.5678). */
function isStartup(body: Buffer): boolean {
  return body.readUInt16BE(0) !== 1_234;
}

function readMessage(type: number, body: Buffer, onStatement: (statement: string) => void): void {
  if (type === QUERY) onStatement(textAt(body, 0));
  else if (type === PARSE) onStatement(textAt(body, body.indexOf(0) + 1));
}

function textAt(body: Buffer, begin: number): string {
  return body.subarray(begin, body.indexOf(0, begin)).toString();
}
