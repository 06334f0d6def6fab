// A real dnsmasq on loopback as the resolver of a house: what most routers run. It knows some names of its own, asks
// nobody else, and logs every query that reached it.

import { freePort } from '../free-ports.ts';
import { start } from '../running.ts';

/** What it answers for. */
export const LAN_ZONE = 'lab.example';
export const LAN_NAME = `nas.${LAN_ZONE}`;
export const LAN_ADDRESS = '192.168.77.20';
/** A TXT record that no UDP reply of 1232 octets can hold. */
export const LAN_BIG_NAME = `big.${LAN_ZONE}`;
export const LAN_BIG_STRINGS = 12;

export interface Dnsmasq extends AsyncDisposable {
  readonly port: number;
  /** Names of the queries that arrived, with their type: "nas.lab.example A". */
  queries(): string[];
  stop(): Promise<unknown>;
}

export async function startDnsmasq(options: { readonly port?: number } = {}): Promise<Dnsmasq> {
  const port = options.port ?? (await freePort());
  const strings = Array.from({ length: LAN_BIG_STRINGS }, (_, at) => `${at}`.padStart(200, 'x'));
  const dnsmasq = start('dnsmasq', [
    '--no-daemon',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    `--port=${port}`,
    '--listen-address=127.0.0.1',
    '--bind-interfaces',
    '--log-queries',
    `--local=/${LAN_ZONE}/lan/`,
    `--host-record=${LAN_NAME},${LAN_ADDRESS}`,
    '--host-record=printer.lan,192.168.77.30',
    `--txt-record=${LAN_BIG_NAME},${strings.join(',')}`,
    '--local-ttl=60',
  ]);
  await dnsmasq.waitForLine(/started, version/);
  return {
    port,
    queries: () =>
      dnsmasq.lines.flatMap((line) => {
        const [, type, name] = /query\[(\S+)\] (\S+) from /.exec(line) ?? [];
        return name === undefined ? [] : [`${name.toLowerCase()} ${type}`];
      }),
    stop: dnsmasq.stop,
    [Symbol.asyncDispose]: async () => void (await dnsmasq.stop()),
  };
}
