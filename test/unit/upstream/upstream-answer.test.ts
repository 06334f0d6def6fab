// What of an upstream's reply becomes an answer, and what is left behind: records beside the question, long TTLs.

import type { Answer as PacketRecord } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { FLAG, layoutOf } from '../../../src/dns/wire.ts';
import { answerOf } from '../../../src/upstream/upstream-answer.ts';
import { brokenMessage, SEED } from '../../support/arbitrary-messages.ts';
import {
  aRecord,
  ask,
  cnameRecord,
  extendedError,
  type ReplyParts,
  render,
  replyTo,
  see,
  soaRecord,
} from '../../support/messages.ts';

const NAME = 'www.here.example';
const ONE_DAY = 86_400;

function taken(reply: Uint8Array, flagsToClear: number) {
  return answerOf(reply, layoutOf(reply)!, flagsToClear);
}

function takenFrom(parts: ReplyParts, type = 'A') {
  const query = ask(NAME, type);
  const { answers, authorities, additionals, rcode } = see(
    render(taken(replyTo(query.bytes, parts), FLAG.AA), query),
  );
  return { answers, authorities, additionals, rcode };
}

const nsRecord = (name: string, data: string) => ({ type: 'NS', name, ttl: 60, data }) as PacketRecord;
const dnameRecord = (name: string, data: string) => ({ type: 'DNAME', name, ttl: 60, data }) as PacketRecord;
const rrsigRecord = (name: string, typeCovered: string) =>
  ({
    type: 'RRSIG',
    name,
    ttl: 60,
    data: {
      ...{ typeCovered, algorithm: 8, labels: 3, originalTTL: 60, expiration: 2_000_000_000 },
      ...{ inception: 1_700_000_000, keyTag: 1, signersName: 'here.example', signature: Buffer.of(1) },
    },
  }) as PacketRecord;
const otherClass = (record: PacketRecord) => ({ ...record, class: 'CH' }) as PacketRecord;
const names = (records: readonly string[]) => records.map((record) => record.split(' ')[0]);

describe('of the answer section', () => {
  it('the records of the name asked are taken, whatever the spelling', () => {
    const answers = [aRecord('WWW.here.example', '192.0.2.1'), aRecord(NAME, '192.0.2.2')];
    expect(takenFrom({ answers }).answers).toHaveLength(2);
  });

  it('those of the CNAME chain are taken, in whatever order they stand', () => {
    const chain = [
      cnameRecord(NAME, 'a.example'),
      cnameRecord('A.example', 'b.example'),
      aRecord('b.example'),
    ];
    for (const answers of [chain, chain.toReversed()]) expect(takenFrom({ answers }).answers).toHaveLength(3);
  });

  it('those of other names are left behind, first, between or last', () => {
    const right = [cnameRecord(NAME, 'a.example'), aRecord('a.example')];
    const stray = aRecord('bank.example', '203.0.113.66');
    for (const answers of [
      [stray, ...right],
      [right[0]!, stray, right[1]!],
      [...right, stray],
    ])
      expect(names(takenFrom({ answers, edns: {} }).answers)).toEqual([NAME, 'a.example']);
  });

  it('a CNAME of another name leads nowhere', () => {
    const answers = [aRecord(NAME), cnameRecord('x.example', 'bank.example'), aRecord('bank.example')];
    expect(names(takenFrom({ answers }).answers)).toEqual([NAME]);
  });

  it('a chain ends where it comes back to itself, and after 17 names', () => {
    const loop = [cnameRecord(NAME, 'a.example'), cnameRecord('a.example', NAME)];
    expect(takenFrom({ answers: loop }).answers).toHaveLength(2);
    const long = Array.from({ length: 40 }, (_, at) =>
      cnameRecord(at === 0 ? NAME : `n${at}.example`, `n${at + 1}.example`),
    );
    expect(takenFrom({ answers: long }).answers).toHaveLength(17);
  });

  it('a DNAME above the chain is taken with its signature, one beside it is not', () => {
    const answers = [
      ...[dnameRecord('here.example', 'there.example'), rrsigRecord('here.example', 'DNAME')],
      ...[cnameRecord(NAME, 'www.there.example'), aRecord('www.there.example')],
      ...[dnameRecord('bank.example', 'thief.example'), rrsigRecord('here.example', 'A')],
    ];
    expect(names(takenFrom({ answers }).answers)).toEqual([
      ...['here.example', 'here.example', NAME, 'www.there.example'],
    ]);
  });

  it('a record of another class is left behind', () => {
    expect(takenFrom({ answers: [otherClass(aRecord(NAME)), aRecord(NAME, '192.0.2.2')] }).answers).toEqual([
      `${NAME} 300 A 192.0.2.2`,
    ]);
  });
});

describe('of the other sections', () => {
  it('name servers and their addresses are left behind, and do not shorten the life of the answer', () => {
    const parts: ReplyParts = {
      answers: [aRecord(NAME)],
      authorities: [nsRecord('here.example', 'ns.bank.example')],
      additionals: [aRecord('ns.bank.example', '203.0.113.66', 1)],
      edns: { options: [extendedError(0, 'kept')] },
    };
    const answer = taken(replyTo(ask(NAME).bytes, parts), 0);
    expect(answer).toMatchObject({ answers: 1, authorities: 0, additionals: 0, lifetimeSeconds: 300 });
    expect(answer.errors).toEqual([{ code: 0, text: 'kept' }]);
  });

  it('a SOA of the zone and proofs of absence are taken with their signatures, the rest is not', () => {
    const authorities = [
      ...[soaRecord('here.example'), rrsigRecord('here.example', 'SOA'), rrsigRecord('here.example', 'NSEC')],
      ...[nsRecord('here.example', 'ns.here.example'), rrsigRecord('here.example', 'NS')],
      aRecord('bank.example', '203.0.113.66'),
    ];
    const taken = takenFrom({ rcode: 3, authorities, edns: { options: [extendedError(0)] } });
    expect(taken).toMatchObject({ rcode: 3, additionals: [] });
    expect(names(taken.authorities)).toEqual(['here.example', 'here.example', 'here.example']);
  });

  it('a SOA of another zone is no reason to keep a negative answer', () => {
    const answer = taken(replyTo(ask(NAME).bytes, { rcode: 3, authorities: [soaRecord('bank.example')] }), 0);
    expect(answer).toMatchObject({ authorities: 0, lifetimeSeconds: 0 });
    const ofTarget = {
      answers: [cnameRecord(NAME, 'x.there.example')],
      authorities: [soaRecord('there.example')],
    };
    expect(taken(replyTo(ask(NAME).bytes, ofTarget), 0)).toMatchObject({
      authorities: 1,
      lifetimeSeconds: 60,
    });
  });
});

it('no TTL is over a day, and one with its top bit set is 0', () => {
  const answers = [aRecord(NAME, '192.0.2.1', 0x7fffffff), aRecord(NAME, '192.0.2.2', ONE_DAY)];
  expect(takenFrom({ answers }).answers).toEqual([
    ...[`${NAME} ${ONE_DAY} A 192.0.2.1`, `${NAME} ${ONE_DAY} A 192.0.2.2`],
  ]);
  expect(takenFrom({ answers: [aRecord(NAME, '192.0.2.1', 0xffffffff)] }).answers[0]).toContain(' 0 A');
});

it('a failure brings no records', () => {
  expect(takenFrom({ rcode: 2, answers: [aRecord(NAME, '203.0.113.66')] })).toMatchObject({
    rcode: 2,
    answers: [],
  });
});

it('any octets become an answer or a failure', () => {
  fc.assert(
    fc.property(brokenMessage, (octets) => {
      const reply = Uint8Array.from(octets);
      if (reply.length < 12) return;
      try {
        const layout = layoutOf(reply);
        if (layout !== null) answerOf(reply, layout, 0);
      } catch (error) {
        expect(error).toBeInstanceOf(UpstreamFailure);
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});
