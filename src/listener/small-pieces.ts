// The octets of an HTTP/1.1 client in small pieces. node:http parses whatever it is handed to its end, however many requests
// that holds, and though the first of them has had the connection cut: 64 KiB of the shortest are 3,600 requests, each
// of which is made and thrown away. In pieces, a cut ends it.

import type { Socket } from 'node:net';

/** Seven of the shortest requests; the fields of a browser are some ten pieces (a limit of our own). */
const PIECE_OCTETS = 128;

/** For a socket that a server of node:http has just taken over. */
export function readInSmallPieces(socket: Socket): void {
  const [parse] = socket.listeners('data') as ((octets: Buffer) => void)[];
  if (parse === undefined) return;
  socket.removeListener('data', parse);
  socket.on('data', (octets: Buffer) => {
    for (let at = 0; at < octets.length && !socket.destroyed; at += PIECE_OCTETS) {
      if (socket.isPaused()) {
        socket.unshift(octets.subarray(at)); // node:http waits for a slow reader, and takes nothing meanwhile
        return;
      }
      parse(octets.subarray(at, at + PIECE_OCTETS));
    }
  });
}
