// Whatever an upstream says: its reply is judged as upstream/ does, goes through the server's own chain and its cache,
// and the client gets a response that dns-packet reads, with the client's question, now and when it is stale. Nothing
// in it is of another question, and nothing was a bug.

import fc from 'fast-check';
import { aliasTargets } from '../../../src/dns/alias-targets.ts';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { nameOctets } from '../../../src/dns/names.ts';
import { Query } from '../../../src/dns/query.ts';
import { layoutOf, plainNameEnd } from '../../../src/dns/wire.ts';
import { answerJson } from '../../../src/listener/doh-json.ts';
import { judge, plainQuery } from '../../../src/upstream/plain-query.ts';
import {
  buildUpstreamQuery,
  deservesSecondOpinion,
  layoutOfReply,
} from '../../../src/upstream/upstream-query.ts';
import { DOT_LIMITS, render } from '../../support/messages.ts';
import { emptiedHouse, mustBeNoBug } from '../emptied-house.ts';
import { mutatedMessage, wholeMessage } from '../mutated-messages.ts';
import { mustAnswer } from '../oracle.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface Said {
  /** What the upstream says; its question is asked, unless `stray`. */
  readonly reply: Buffer;
  /** To another question than that of the client. */
  readonly stray: boolean;
  /** Until the client asks for a second time. */
  readonly laterMs: number;
}

const CLIENT_FLAGS_AND_COUNTS = Buffer.of(0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
const HEADER_OCTETS = 12;
const DAY_MS = 86_400_000;

/** A response of opcode QUERY with one question, not truncated, as long as luck has it. */
const asReply = (octets: Buffer, luck: number): Buffer => {
  const copy = Buffer.from(octets);
  if (luck === 0 || copy.length < HEADER_OCTETS) return copy;
  copy[2] = (copy[2]! & 0x05) | 0x80;
  if (luck > 3) copy[3] = copy[3]! & 0xf0; // and NOERROR, which is kept
  return copy;
};

export const upstreamReply: FuzzTarget<Said> = {
  name: 'upstream-reply',
  oracle: 'dns-packet, and a log without a bug',
  runs: 1500,
  input: fc.record({
    reply: fc
      .tuple(fc.oneof(mutatedMessage, wholeMessage), fc.nat(9))
      .map(([octets, luck]) => asReply(octets, luck)),
    stray: fc.nat(19).map((luck) => luck === 0),
    laterMs: fc.oneof(fc.nat(10_000), fc.nat(8 * DAY_MS)),
  }),
  async holds({ reply, stray, laterMs }) {
    const asked = queryOf(reply, stray);
    if (asked === null) return;
    const house = emptiedHouse();
    house.upstreams = (octets) => {
      mustBeJudgedAlike(reply, octets);
      must(!stray || layoutOfReply(reply, octets) === null, 'a reply to another question is none');
      if (layoutOfReply(reply, octets) === null)
        return new UpstreamFailure('upstream-unreachable', 'a fuzzer says so');
      deservesSecondOpinion(reply);
      return Buffer.from(reply);
    };
    for (const waitMs of [0, 0, laterMs]) {
      house.clock.advance(waitMs);
      const query = new Query(asked);
      const answer = await house.answerTo(asked, { transport: 'dot' });
      mustBeNoBug(house);
      mustAnswer(render(answer, query, DOT_LIMITS), asked, query.questionEnd);
      JSON.parse(answerJson(answer, query));
      for (const { name } of aliasTargets(answer, query))
        mustEqual(plainNameEnd(nameOctets(name), 0), name.length, 'the end of an alias target');
    }
  },
};

/** The query that this is a reply to; null where it has no question that could be asked. */
function queryOf(reply: Buffer, stray: boolean): Buffer | null {
  const { questionEnd } = new Query(Buffer.concat([CLIENT_FLAGS_AND_COUNTS, reply.subarray(HEADER_OCTETS)]));
  if (questionEnd === 0) return null;
  const query = Buffer.concat([CLIENT_FLAGS_AND_COUNTS, reply.subarray(HEADER_OCTETS, questionEnd)]);
  if (stray) query.writeUInt16BE(query.readUInt16BE(questionEnd - 4) ^ 0x20, questionEnd - 4);
  return query;
}

/** Over plain DNS the same is a reply, and what is a reply is a sound message. */
function mustBeJudgedAlike(reply: Buffer, query: Buffer): void {
  const plain = plainQuery(query, reply.length < 2 ? 0 : reply.readUInt16BE(0));
  mustEqual(judge(reply, plain) === 'reply', layoutOfReply(reply, query) !== null, 'a reply over plain DNS');
  must(layoutOfReply(reply, query) === null || layoutOf(reply) !== null, 'a reply is a sound message');
  must(buildUpstreamQuery(new Query(query)).length % 128 === 0, 'a query that leaves is padded');
}
