import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { PATIENT } from './http-limits';
import { type AgentSettings, type Agents, directAgents } from './lightsail-client';

/** What a call ends with whose request was never written, because it may not be sent any longer. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
  constructor() {
    super('the request was not sent: too much time had passed since the check before it');
  }
}

const current = new AsyncLocalStorage<() => boolean>();

/**
 * Makes a call whose requests are written to the network only while `maySend` says yes. It needs a client with the
 * agents of `lateCheckAgents`.
 */
export const sendingOnlyWhile = <T>(maySend: () => boolean, call: () => Promise<T>): Promise<T> =>
  current.run(maySend, call);

/** Throws `NotSent` where the current call may not send its request. */
export function checkLate(): void {
  if (current.getStore()?.() === false) throw new NotSent();
}

/** Node's own methods that its types do not name. */
interface AgentInternals {
  addRequest(request: ClientRequest, ...rest: readonly unknown[]): void;
}

/** A connection that takes longer (ms) is given up: a little more than a client waits. */
const CONNECT_MS = PATIENT.connect + 1_000;

type Connected = (error: Error | null, socket?: Duplex) => void;

/**
 * Ends a request right before its bytes are written, when it may not be sent. Node says `socket` when the connection of
 * a request is ready, and writes what was held back until then in the same turn, or not at all when the request was
 * destroyed.
 */
function checkOnSocket(request: ClientRequest): void {
  const maySend = current.getStore();
  if (maySend === undefined) return;
  request.once('socket', () => {
    if (!maySend()) request.destroy(new NotSent());
  });
}

/** Hands a connection over once it is made: a request never waits in the buffer of one that is being made. */
function whenReady(socket: Duplex, event: 'connect' | 'secureConnect', connected: Connected): void {
  // The client gives up its request before that; its unused connection must end as well.
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('it did not connect'), { code: 'ETIMEDOUT' })),
    CONNECT_MS,
  );
  const failed = (error: Error): void => {
    clearTimeout(timer);
    connected(error);
  };
  socket.once('error', failed);
  socket.once(event, () => {
    clearTimeout(timer);
    socket.off('error', failed);
    connected(null, socket);
  });
}

/**
 * The same agents, whose requests are checked when their connection is ready. An agent must hand over no connection
 * that is still being made.
 */
export function checkedLate(agents: Agents): Agents {
  for (const agent of [agents.httpAgent, agents.httpsAgent]) {
    const internals = agent as unknown as AgentInternals;
    const { addRequest } = internals;
    internals.addRequest = function (request, ...rest) {
      checkOnSocket(request);
      addRequest.call(this, request, ...rest);
    };
  }
  return agents;
}

/**
 * Agents for clients whose requests are checked at the last moment: when the connection is there, right before the
 * first byte is written.
 */
export function lateCheckAgents(settings: AgentSettings): Agents {
  const agents = directAgents(settings);
  for (const [agent, event] of [
    [agents.httpAgent, 'connect'] as const,
    [agents.httpsAgent, 'secureConnect'] as const,
  ]) {
    const internals = agent as unknown as {
      createConnection(options: object, connected: Connected): Duplex | undefined;
    };
    const { createConnection } = internals;
    internals.createConnection = function (options, connected) {
      // Node calls back without arguments when a connection that it has returned is there, and with one that it has not
      // returned.
      const socket = createConnection.call(this, options, (error, made) => {
        if (error != null || made !== undefined) connected(error, made);
      });
      if (socket !== undefined) whenReady(socket, event, connected);
      return undefined;
    };
  }
  return checkedLate(agents);
}
