import { Socket } from 'node:net';

/** Where the bytes of a connection come from, piece by piece, and only when asked for. */
export interface ByteSource {
  /** Whether a piece is overwritten when the next one is asked for. */
  readonly reuses: boolean;
  /** From here on nobody else gets what arrives; `onMore` says that reading is worth another try. */
  takeOver(socket: Socket, onMore: () => void): void;
  /** Null as long as there is nothing. */
  read(): Buffer | null;
  /** What still comes is of no use to anybody. */
  discard(): void;
}

const RECEIVE_BYTES = 512 * 1024;

/** Of a socket that keeps what arrives in buffers of its own, as one with TLS does. */
export function createBufferedSource(): ByteSource {
  let from: Socket | undefined;
  return {
    reuses: false,
    takeOver: (socket, onMore) => {
      from = socket;
      socket.pause();
      socket.removeAllListeners('data');
      socket.on('readable', onMore);
    },
    read: () => from?.read() ?? null,
    discard: () => from?.removeAllListeners('readable').resume(),
  };
}

/**
 * A socket that receives into one and the same memory: buffers for every read would be collected at the price of looking at all
 * that the process holds, again and again. Until it is taken over it emits `data` like any other.
 */
export function createReusingSocket(): { readonly socket: Socket; readonly source: ByteSource } {
  const memory = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  let arrived: Buffer | null = null;
  let receive = (bytes: number): boolean => {
    socket.emit('data', Buffer.from(memory.subarray(0, bytes)));
    return true;
  };
  const socket = new Socket({ onread: { buffer: memory, callback: bytes => receive(bytes) } });
  return {
    socket,
    source: {
      reuses: true,
      takeOver: (_, onMore) => {
        socket.pause();
        socket.removeAllListeners('data');
        receive = bytes => {
          arrived = memory.subarray(0, bytes);
          onMore();
          // nothing is received before this has been read
          return false;
        };
      },
      read: () => {
        const piece = arrived;
        arrived = null;
        if (piece === null) socket.resume();
        return piece;
      },
      discard: () => {
        receive = () => true;
        socket.resume();
      },
    },
  };
}
