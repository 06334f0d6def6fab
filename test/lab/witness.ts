// Proof from outside that no name of the world left in plaintext: every packet of the machine is looked at, and
// a plain DNS server stands where the server's resolv.conf points, ready to answer whoever falls back to it.
// Needs root; without it the story is played and this one figure is missing.

import { isRoot } from '../support/peers/packages.ts';
import { startPacketWitness } from '../support/peers/packet-witness.ts';
import { startPlainWitness } from '../support/peers/plain-witness.ts';

export interface Witness {
  /**
   * Labels and names that left in plaintext; `clientPorts` are the server's own plain listeners, where clients
   * ask by right. Null: not watched.
   */
  plaintext(labels: readonly string[], clientPorts: readonly number[]): Promise<string[] | null>;
  stop(): Promise<void>;
}

export async function startWitness(): Promise<Witness> {
  if (!isRoot) return { plaintext: async () => null, stop: async () => {} };
  const packets = await startPacketWitness();
  const plain = await startPlainWitness();
  return {
    async plaintext(labels, clientPorts) {
      const unseen = (await packets.seen(labels, [])).length === 0;
      if (unseen)
        throw new Error(`the witness saw nothing of ${labels}, not even the clients' own questions`);
      return [...(await packets.seen(labels, clientPorts)), ...plain.names];
    },
    async stop() {
      await packets.stop();
      await plain.stop();
    },
  };
}
