// Row 4: one access list at every door (CVE-2026-24029 had one that DoH did not ask). Who is not on it gets REFUSED, or
// nothing, for names of the house as for names of the world, known ones included, in whatever form they are asked.

import { makeQuery, type QueryType, readReply } from '../../support/dns-message.ts';
import { INTERNAL_NAME, type Transport } from '../../support/noonmark.ts';
import { WILD_ZONE } from '../../support/peers/unbound.ts';
import { BYSTANDER } from '../bystanders.ts';
import type { Target } from '../target.ts';
import { ATTACKER, type Trial } from '../trial.ts';

/** What has not come by then counts as no answer. */
const SILENCE_MS = 1_000;
const ASKED: readonly (readonly [string, QueryType])[] = [
  [INTERNAL_NAME, 'A'],
  [INTERNAL_NAME, 'ANY'],
  ['20.1.168.192.in-addr.arpa', 'PTR'],
  [`known.${WILD_ZONE}`, 'A'],
  [`unknown.${WILD_ZONE}`, 'A'],
  ['localhost', 'A'],
  ['_dns.resolver.arpa', 'UNKNOWN_64'],
];

export const OPEN_RESOLVER: Trial = {
  row: 4,
  name: 'a client that is not on the access list, at all four doors',
  over: ['UDP'],
  config: { access: { allow: [`${BYSTANDER}/32`] } },
  async attack({ target, world }) {
    const allowed = await target.open('UDP', BYSTANDER);
    await allowed.ask(makeQuery(`known.${WILD_ZONE}`));
    allowed.close();
    const told = await Promise.all(target.transports.map((transport) => toldAt(transport, target)));
    const leaked = world.upstream.names.filter((name) => name.startsWith('unknown.'));
    return [...told.flat(), ...leaked.map((name) => `${name} was asked of the upstream`)];
  },
};

async function toldAt(transport: Transport, target: Target): Promise<string[]> {
  const client = await target.open(transport, ATTACKER).catch(() => null);
  if (client === null) return []; // it is not even let in
  const told = await Promise.all(
    ASKED.map(async ([name, type], at) => {
      const reply = await client.ask(makeQuery(name, type, { id: at + 1 }), SILENCE_MS);
      if (reply === null) return [];
      const { rcode, answers } = readReply(reply);
      const isRefused = rcode === 'REFUSED' && answers.length === 0;
      return isRefused ? [] : [`${transport}, ${name} ${type}: ${rcode} ${answers}`];
    }),
  );
  client.close();
  return told.flat();
}
