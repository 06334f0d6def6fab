// In front of a TLS server for people: whoever writes http:// where https:// is meant speaks plain HTTP to it, and would get
// nothing that a browser can explain. The first octet tells TLS from everything else (RFC 8446 section 5.1); what is not TLS
// goes to another server, which answers once in plain HTTP and never asks for anything.

import { createServer, type Server } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { Clock } from '../clock/clock.ts';
import type { ConnectionTable } from './connection-table.ts';
import { countLookedAt, lookAtFirstOctets } from './first-octets.ts';

/** The type of a TLS record that begins a handshake; no method of HTTP begins with it. */
const HANDSHAKE = 22;

export interface PlainDoorParts {
  /** Answers who does not speak TLS; neither it nor the TLS server listens itself. */
  readonly plain: Server;
  readonly connections: ConnectionTable;
  readonly clock: Clock;
}

/** A server to listen with. */
export function behindPlainDoor(server: TlsServer, { plain, ...parts }: PlainDoorParts): Server {
  const door = createServer({ noDelay: true }, (socket) => {
    const uncount = countLookedAt(socket, parts);
    if (uncount === null) {
      socket.destroy();
      return;
    }
    const then = (serving: Server | null) => {
      if (serving === null) return;
      uncount(); // that server counts it from here on
      serving.emit('connection', socket);
    };
    const judge = ([first]: Uint8Array) =>
      first === undefined ? null : first === HANDSHAKE ? server : plain;
    lookAtFirstOctets<Server>(socket, { judge, clock: parts.clock, then });
  });
  door.on('close', () => {
    for (const one of [server, plain]) one.emit('close'); // they never listened, so they cannot tell their own end
  });
  return door;
}
