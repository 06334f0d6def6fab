// Lends undici our verified connections: new Agent({ connect: undiciConnect(connector, peers) }).
// https only, to addresses that the caller knows; a host without one is refused, never looked up.

import { isIP } from 'node:net';
import type { buildConnector } from 'undici';
import type { TlsConnector, TlsTarget } from './connect.ts';

const HTTPS_PORT = 443;

export interface UndiciPeers extends Pick<TlsTarget, 'anchors' | 'pins' | 'alpn' | 'timeoutMs'> {
  /** The address of a host, undefined where none is known. IP literals are not asked for. */
  addressOf(host: string): string | undefined;
}

/** A `connect` option for undici's Agent, Pool and Client. For HTTP/2 offer "h2" in `alpn` and set `allowH2` there. */
export function undiciConnect(connector: TlsConnector, peers: UndiciPeers): buildConnector.connector {
  return ({ hostname, protocol, port }, callback) => {
    open(hostname, protocol, port).then(
      ({ socket }) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };

  async function open(hostname: string, protocol: string, port: string) {
    if (protocol !== 'https:') throw new Error(`refused to connect to ${hostname} without TLS`);
    const serverName = hostname.replace(/^\[(.*)\]$/, '$1');
    const address = isIP(serverName) === 0 ? peers.addressOf(serverName) : serverName;
    if (address === undefined) throw new Error(`no address is known for ${serverName}`);
    const { anchors, pins, alpn, timeoutMs } = peers;
    return connector.connect({
      address,
      port: Number(port) || HTTPS_PORT,
      serverName,
      anchors,
      pins,
      alpn,
      timeoutMs,
    });
  }
}
