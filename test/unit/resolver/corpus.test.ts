// Every message of the corpus of odd and malformed ones, without sockets: as a query through the whole chain, and as
// an upstream's reply through judgement, Answer and rendering. The same over real transports is in test/e2e and test/full.

import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { Answer, DROP } from '../../../src/dns/answer.ts';
import { Query } from '../../../src/dns/query.ts';
import { layoutOf } from '../../../src/dns/wire.ts';
import { deservesSecondOpinion, layoutOfReply } from '../../../src/upstream/upstream-query.ts';
import { House } from '../../support/answer-path.ts';
import { wholeCorpus } from '../../support/corpus.ts';
import { ask, FLAG, render, UDP_LIMITS } from '../../support/messages.ts';

const HEADER_OCTETS = 12;
const messages = wholeCorpus();

describe.skipIf(messages.length === 0)(
  `${messages.length} messages of the corpus (skipped where ../shared/corpus is absent)`,
  () => {
    it('as queries are answered readably or dropped, and none is a bug', async () => {
      const house = new House();
      let [dropped, formerr] = [0, 0];
      for (const { name, wire } of messages) {
        // As it is, and as the query that it would be with QR = 0, for many of the corpus are responses.
        for (const octets of [wire, asQuery(wire)]) {
          const answer = await house.answerTo(octets);
          const query = new Query(octets);
          if (answer === DROP) dropped += 1;
          else {
            if (answer.rcode === 1) formerr += 1;
            for (const limits of [UDP_LIMITS, undefined]) {
              const response = render(answer, query, limits);
              expect(response.subarray(0, 2), name).toEqual(octets.subarray(0, 2));
              expect(response.length, name).toBeLessThanOrEqual(limits?.maxOctets ?? 65_535);
              if (query.questionEnd > 0) expect(layoutOf(response), name).not.toBeNull();
              packet.decode(response);
            }
          }
        }
      }
      expect(house.log.lines).toEqual([]);
      expect(Math.min(dropped, formerr)).toBeGreaterThan(20);
    });

    it('as replies are refused or become answers that every client can read', () => {
      let taken = 0;
      for (const { name, wire } of messages) {
        const query = queryOf(wire);
        const isTaken = layoutOfReply(wire, query.bytes) !== null;
        const answer = Answer.fromMessage(wire);
        if (isTaken) expect(answer, name).not.toBeNull();
        if (answer === null) continue;
        taken += 1;
        void deservesSecondOpinion(wire);
        for (const age of [0, 1, 100_000]) {
          for (const limits of [UDP_LIMITS, undefined]) {
            const response = render(answer.aged(age), query, limits);
            expect(layoutOf(response), name).not.toBeNull();
          }
        }
      }
      expect(taken).toBeGreaterThan(20);
    });
  },
);

function asQuery(wire: Buffer): Buffer {
  const octets = Buffer.from(wire);
  if (octets.length > 3) octets.writeUInt16BE(FLAG.RD, 2);
  return octets;
}

/** The query that a reply would answer, with an OPT record; any query where the reply has no question to tell by. */
function queryOf(wire: Buffer): Query {
  const layout = layoutOf(wire);
  const { bytes } = ask('www.example', 'A', { edns: {} });
  if (layout === null) return new Query(bytes);
  const ours = Buffer.from(bytes);
  const question = wire.subarray(HEADER_OCTETS, layout.questionEnd);
  return new Query(Buffer.concat([ours.subarray(0, HEADER_OCTETS), question, ours.subarray(-11)]));
}
