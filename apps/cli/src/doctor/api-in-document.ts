import { readApiDocument } from '@holdfast/doctor/frontend';

/** Where the API is, as its OpenAPI document has it. */
export interface DocumentedApi {
  /** On this machine, with the prefix. */
  readonly url: string | undefined;
  /** On another one, as clients reach it. */
  readonly publicUrl: string | undefined;
  /** What every path of the document begins with. */
  readonly prefix: string;
  /** A path that is there to be asked whether all is well, with the prefix. */
  readonly health: string | undefined;
}

const NOTHING: DocumentedApi = { url: undefined, publicUrl: undefined, prefix: '', health: undefined };
const HEALTH = ['healthz', 'health', 'livez', 'live', 'readyz', 'ready', 'heartbeat', 'ping', 'status'];
const LOOPBACK = /^https?:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)(?::\d+)?$/i;

/** Reads one file. Never throws: a document that cannot be read tells nothing. */
export async function apiInDocument(path: string): Promise<DocumentedApi> {
  const document = await readApiDocument(path).catch(() => undefined);
  if (document === undefined) return NOTHING;
  const servers = document.servers.filter(({ origin, prefix }) => !(origin + prefix).includes('{'));
  const local = servers.find(({ origin }) => LOOPBACK.test(origin));
  const other = servers.find(({ origin }) => /^https?:/i.test(origin) && !LOOPBACK.test(origin));
  const prefix = (local ?? servers[0])?.prefix ?? '';
  const asked = document.operations.filter(
    ({ method, path: asks }) => method === 'GET' && !asks.includes('{'),
  );
  const health = HEALTH.map(name => asked.find(operation => operation.path.split('/').at(-1) === name)).find(
    operation => operation !== undefined,
  );
  return {
    url: local && `${local.origin.replace('0.0.0.0', '127.0.0.1')}${local.prefix}`,
    publicUrl: other && `${other.origin}${other.prefix}`,
    prefix,
    health: health && `${prefix}${health.path}`,
  };
}
