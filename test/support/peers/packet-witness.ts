// tcpdump on every interface: the judge of "no name of the world left in plaintext".
// A name in a DNS packet is its labels, each behind its length, so one search of the capture's octets settles it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, pause } from '../eventually.ts';
import { run, start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

/** So much it may lag behind when others flood this machine; two megabytes would not do. */
const BUFFER_KIBIBYTES = '32768';

/** A packet needs a moment from the wire to the file. */
const FLUSH_MS = 300;

/** ICMP quotes the packet that it complains of: that of a client who asked before anybody listened, say. */
const WITHOUT_QUOTES = ['not icmp', 'not icmp6'];

export interface PacketWitness {
  /**
   * Those of `labels` that stand in a packet so far, letter case aside. `clientPorts` are those on which
   * clients ask in plaintext by right; their packets are left out.
   */
  seen(labels: readonly string[], clientPorts: readonly number[]): Promise<string[]>;
  stop(): Promise<unknown>;
}

/** Needs root. */
export async function startPacketWitness(): Promise<PacketWitness> {
  const directory = temporaryDirectory('capture');
  const all = join(directory, 'all');
  const options = [
    '-i',
    'any',
    '-U',
    '--immediate-mode',
    '-s',
    '0',
    '-B',
    BUFFER_KIBIBYTES,
    '-Z',
    'root',
    '-w',
    all,
  ];
  const tcpdump = start('tcpdump', options);
  await tcpdump.waitForLine(/listening on/);
  await eventually(() => readFileSync(all).length > 0, { what: 'the capture' });
  return {
    async seen(labels, clientPorts) {
      await pause(FLUSH_MS);
      const chosen = join(directory, 'chosen');
      const filter = [...WITHOUT_QUOTES, ...clientPorts.map((port) => `not port ${port}`)].join(' and ');
      const { code, stderr } = await run('tcpdump', ['-Z', 'root', '-r', all, '-w', chosen, filter]);
      if (code !== 0) throw new Error(`tcpdump could not read its capture: ${stderr}`);
      const octets = readFileSync(chosen).toString('latin1').toLowerCase();
      return labels.filter((label) => octets.includes(onTheWire(label)));
    },
    stop: tcpdump.stop,
  };
}

function onTheWire(label: string): string {
  return String.fromCharCode(label.length) + label.toLowerCase();
}
