// Any octets as a client's query, through the server's own chain, over every transport: the answer is none, or a
// response that dns-packet reads, with the query's ID and question. And nothing in it was a bug: the failure link has
// logged none.

import fc from 'fast-check';
import { DROP } from '../../../src/dns/answer.ts';
import { TYPE } from '../../../src/dns/codes.ts';
import { Query } from '../../../src/dns/query.ts';
import { answerJson } from '../../../src/listener/doh-json.ts';
import type { Transport } from '../../../src/resolver/resolver.ts';
import { aRecord, DOT_LIMITS, render, UDP_LIMITS } from '../../support/messages.ts';
import { emptiedHouse, mustBeNoBug } from '../emptied-house.ts';
import { anyMessage } from '../mutated-messages.ts';
import { mustAnswer } from '../oracle.ts';
import { type FuzzTarget, must } from '../target.ts';

export interface AskedOctets {
  readonly octets: Buffer;
  readonly transport: Transport;
}

/** As a client would send it: neither QR nor an opcode, most of the time. */
const asQuery = fc.tuple(anyMessage, fc.nat(9)).map(([octets, luck]) => {
  const copy = Buffer.from(octets);
  if (luck > 0 && copy.length > 2) copy[2] = copy[2]! & 0x07;
  return copy;
});
/** A question alone with one OPT record, which is what real clients send. */
const asAsked = fc
  .tuple(asQuery, fc.constantFrom(...Object.values(TYPE)), fc.uint8Array({ maxLength: 30 }))
  .map(([octets, type, options]) => {
    const { questionEnd } = new Query(octets);
    if (questionEnd === 0) return octets;
    const copy = Buffer.from(octets.subarray(0, questionEnd));
    copy.fill(0, 6, 12);
    copy[11] = 1;
    copy.writeUInt16BE(type, questionEnd - 4);
    return Buffer.concat([copy, Buffer.of(0, 0, 41, 4, 208, 0, 0, 0, 0, 0, options.length), options]);
  });

export const clientQuery: FuzzTarget<AskedOctets> = {
  name: 'client-query',
  oracle: 'dns-packet, and a log without a bug',
  runs: 1500,
  input: fc.record({
    octets: fc.oneof(asQuery, asAsked),
    transport: fc.constantFrom('udp', 'tcp', 'dot', 'doh'),
  }),
  async holds({ octets, transport }) {
    const house = emptiedHouse();
    house.upstreams = (_, name) => ({ answers: [aRecord(name)] });
    const answer = await house.answerTo(octets, { transport });
    mustBeNoBug(house);
    if (answer === DROP) return;
    const query = new Query(octets);
    const limits = transport === 'udp' ? UDP_LIMITS : DOT_LIMITS;
    const response = render(answer, query, limits);
    must(response.length <= limits.maxOctets, 'the response fits');
    mustAnswer(response, octets, query.questionEnd);
    if (query.questionEnd > 0) JSON.parse(answerJson(answer, query));
  },
};
