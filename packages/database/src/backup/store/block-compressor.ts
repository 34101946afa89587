import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { deflateRaw, type ZlibOptions, type ZstdOptions, zstdCompress } from 'node:zlib';
import { type BlockMethod, blockOptions, type WorkedBlock } from './block.ts';

/** Compresses blocks, several at once. */
export interface BlockCompressor {
  /** How many blocks at once keep it busy. */
  readonly width: number;
  /** Takes the memory over and gives it back with the compressed form in it. */
  compress(slab: ArrayBuffer, used: number): Promise<WorkedBlock>;
  close(): Promise<void>;
}

/** Beyond this many, something else is slower: the server, the disk. */
const MOST_THREADS = 8;
/** A thread takes longer to start than these take to compress. */
const BLOCKS_BEFORE_THREADS = 48;

interface Thread {
  readonly worker: Worker;
  /** In the order of the blocks it was sent. */
  readonly waiting: PromiseWithResolvers<WorkedBlock>[];
  failure: Error | undefined;
}

/**
 * A compressor for one stream. Little is compressed by Node's own pool; for more, threads are started: their garbage is collected
 * apart from everything that the process holds, which is most of the price of large buffers.
 */
export function createBlockCompressor(method: BlockMethod): BlockCompressor {
  const count = Math.min(MOST_THREADS, availableParallelism());
  const threads: Thread[] = [];
  let blocks = 0;
  return {
    // one to be worked on and one to follow for each, and one that is being written
    width: count + 1,
    compress: (slab, used) => {
      blocks += 1;
      if (blocks <= BLOCKS_BEFORE_THREADS) return compressHere(method, slab, used);
      const idle = threads.find(({ waiting }) => waiting.length === 0);
      if (idle === undefined && threads.length < count) threads.push(startThread(method));
      const chosen = idle ?? threads.reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a));
      return send(chosen, { slab, used });
    },
    close: async () => {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

async function compressHere(method: BlockMethod, slab: ArrayBuffer, used: number): Promise<WorkedBlock> {
  const raw = new Uint8Array(slab, 0, used);
  const packed = await (method === 'zstd' ? zstd : deflate)(raw, blockOptions(method));
  new Uint8Array(slab).set(packed);
  return { slab, used: packed.byteLength };
}

const zstd = promisify<Uint8Array, ZstdOptions, Buffer>(zstdCompress);
const deflate = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);

function startThread(method: BlockMethod): Thread {
  const worker = new Worker(`(${runThread})(require)`, {
    eval: true,
    workerData: { method, options: blockOptions(method) },
  });
  const thread: Thread = { worker, waiting: [], failure: undefined };
  const fail = (error: Error): void => {
    thread.failure ??= error;
    for (const { reject } of thread.waiting.splice(0)) reject(thread.failure);
  };
  worker.on('message', (block: WorkedBlock) => thread.waiting.shift()?.resolve(block));
  worker.on('messageerror', fail);
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread that compresses has ended')));
  return thread;
}

/**
 * What runs in a thread, by its text, so nothing from outside of it: answers every block with its compressed form, in the memory
 * that it came in. A file of its own would have to be found, compiled and, in development, stripped of its types every time.
 */
function runThread(load: (name: string) => unknown): void {
  const { parentPort, workerData } = load('node:worker_threads') as typeof import('node:worker_threads');
  const { deflateRawSync, zstdCompressSync } = load('node:zlib') as typeof import('node:zlib');
  const { method, options } = workerData;
  parentPort?.on('message', ({ slab, used }: WorkedBlock) => {
    const raw = new Uint8Array(slab, 0, used);
    const packed = method === 'zstd' ? zstdCompressSync(raw, options) : deflateRawSync(raw, options);
    new Uint8Array(slab).set(packed);
    parentPort.postMessage({ slab, used: packed.byteLength }, [slab]);
  });
}

function send(thread: Thread, block: WorkedBlock): Promise<WorkedBlock> {
  if (thread.failure !== undefined) return Promise.reject(thread.failure);
  const answer = Promise.withResolvers<WorkedBlock>();
  thread.waiting.push(answer);
  thread.worker.postMessage(block, [block.slab]);
  return answer.promise;
}
