// One device gone mad, as a process of its own so that nobody's measurements suffer but the server's: it asks over one
// transport as fast as it is told to, a hot name and now and then one that nobody has asked before, reads all that comes,
// and stops by itself.
// Arguments, as JSON: transport, endpoint, trust, ratePerSecond, seconds.

import type { Client, Endpoint, Trust } from '../support/dns-client.ts';
import { makeQuery } from '../support/dns-message.ts';
import { INTERNAL_NAME, openTransport, type Transport } from '../support/noonmark.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';

export interface Madness {
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  readonly trust: Trust;
  readonly ratePerSecond: number;
  readonly seconds: number;
}

const TICK_MS = 5;
/** One name in so many is new: the upstream shares a process with the bystanders, whose waits are measured. */
const FRESH_EVERY = 100;
/** Requests over HTTP that wait for an answer; node:http2 takes longer for each, the more there are. */
const MOST_REQUESTS = 400;
const CONNECTIONS = 4;

if (process.argv[2] !== undefined) await rage(JSON.parse(process.argv[2]) as Madness);

async function rage({ transport, endpoint, trust, ratePerSecond, seconds }: Madness): Promise<void> {
  const open = () => openTransport(transport, endpoint, () => trust);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, open));
  const hot = makeQuery(INTERNAL_NAME);
  const start = performance.now();
  const tag = Math.floor(start * 1000).toString(36);
  let [sent, requests] = [0, 0];
  const request = (client: Client, query: Buffer) => {
    requests += 1;
    void client.ask(query).finally(() => (requests -= 1));
  };
  while (performance.now() - start < seconds * 1000) {
    const due = ((performance.now() - start) * ratePerSecond) / 1000;
    for (; sent < due; sent += 1) {
      const query = sent % FRESH_EVERY === 0 ? makeQuery(`mad${tag}${sent}.${WILD_ZONE}`) : hot;
      if (transport !== 'DoH') clients[sent % CONNECTIONS]!.send(query);
      else if (requests < MOST_REQUESTS) request(clients[sent % CONNECTIONS]!, query);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    await reopened(clients, open);
  }
  for (const client of clients) client.close();
  process.exit(0);
}

/** A server may well show it the door. */
async function reopened(clients: Client[], open: () => Promise<Client>): Promise<void> {
  for (const [at, client] of clients.entries()) {
    if (client.isClosed) clients[at] = await open().catch(() => client);
  }
}
