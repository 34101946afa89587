import websocket from '@fastify/websocket';
import { SOCKET_MAX_MESSAGE_BYTES, SOCKET_PATH, SOCKET_PROTOCOL } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../../services.ts';
import { handshakeToken } from './handshake-token.ts';
import type { ServerSocket } from './server-socket.ts';
import { createSocketRegistry, type SocketRegistry } from './socket-registry.ts';

const MAX_CONNECTIONS = 10_000;

/** The WebSocket endpoint. Must be installed before the routes, which it keeps from being upgraded. */
export async function installSocket(app: FastifyInstance, services: Services): Promise<void> {
  const registry = createSocketRegistry(services);
  await app.register(websocket, {
    options: {
      maxPayload: SOCKET_MAX_MESSAGE_BYTES,
      handleProtocols: (offered: Set<string>) => (offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
    },
    // an error of a connection, such as a message that is too large, has closed it already
    errorHandler: (_error: Error, socket: unknown) =>
      void setTimeout(hangUp, GOODBYE_MS, socket as ServerSocket),
    preClose: (done: () => void) => {
      services.lifecycle.drain();
      void registry.close().then(done);
    },
  } as object);
  app.addHook('onRequest', (request, _reply, done) => {
    const misplaced = request.ws && request.routeOptions.url !== SOCKET_PATH;
    done(
      misplaced ? new HoldfastError('invalid_request', `Only ${SOCKET_PATH} speaks WebSocket.`) : undefined,
    );
  });
  app.route({
    method: 'GET',
    url: SOCKET_PATH,
    config: { access: 'public' },
    preHandler: (_request, _reply, done) => done(refusal(services, registry)),
    handler: (_request, reply) => {
      reply.headers({ upgrade: 'websocket', connection: 'upgrade' });
      throw new HoldfastError('upgrade_required', `Connect to ${SOCKET_PATH} by WebSocket.`);
    },
    wsHandler: (socket, request) => {
      registry.accept(socket as unknown as ServerSocket, handshakeToken(request, services.settings));
    },
  });
}

const GOODBYE_MS = 1_000;

function hangUp(socket: ServerSocket): void {
  socket.terminate();
}

/** Why no connection can be taken now. */
function refusal({ lifecycle }: Services, registry: SocketRegistry): HoldfastError | undefined {
  if (lifecycle.isDraining()) return new HoldfastError('shutting_down', 'The server is shutting down.');
  if (registry.size < MAX_CONNECTIONS) return undefined;
  return new HoldfastError('overloaded', 'Too many connections are open here.', { retryAfter: 5 });
}
