// Row 2: equal questions in flight, each a chance for a forger (RFC 5452 section 5): they are asked of an upstream once.

import { makeQuery } from '../../support/dns-message.ts';
import { TRANSPORTS } from '../../support/noonmark.ts';
import { WILD_ZONE } from '../../support/peers/unbound.ts';
import { ATTACKER, type Trial } from '../trial.ts';

const EQUAL = 20;
const MOST_UPSTREAM = 2;

export const EQUAL_QUESTIONS: Trial = {
  row: 2,
  name: 'twenty equal questions at once',
  over: TRANSPORTS,
  async attack({ target, world, transport }) {
    const name = `equal-${transport.toLowerCase()}.${WILD_ZONE}`;
    const client = await target.open(transport, ATTACKER);
    await Promise.all(
      Array.from({ length: EQUAL }, (_, at) => client.ask(makeQuery(name, 'A', { id: at + 1 }))),
    );
    client.close();
    const cost = world.upstream.names.filter((asked) => asked === name).length;
    return cost <= MOST_UPSTREAM ? [] : [`${EQUAL} equal questions cost ${cost} upstream`];
  },
};
