// The letters of a question (0x20): what goes back is spelt as this client spelt it, wherever the answer comes from,
// and what leaves the house is in lower case. Read octet by octet, because a reader might mend what it reads.

import { beforeEach, describe, expect, it } from 'vitest';
import { Query } from '../../../src/dns/query.ts';
import { House } from '../../support/answer-path.ts';
import { FLAG, queryBytes, render, UDP_LIMITS } from '../../support/messages.ts';

/** To the name of the question. */
const POINTER = Buffer.of(0xc0, 12);
const SPELLINGS = ['www.example', 'WWW.EXAMPLE', 'wWw.eXaMpLe'];

let house: House;
beforeEach(() => {
  house = new House();
  house.upstreams = (query) => compressed(query);
});

/** An A record of 300 s whose owner points to the question, as real servers write it. */
function compressed(query: Buffer): Buffer {
  const { questionEnd } = new Query(query);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1]);
  const reply = Buffer.concat([query.subarray(0, questionEnd), record]);
  reply.writeUInt16BE(0x8180, 2);
  reply.writeUInt16BE(1, 6);
  reply.writeUInt16BE(0, 10);
  return reply;
}

/** The question's name, and whether the first owner is that very name: a pointer to it. */
async function told(name: string, type = 'A'): Promise<{ spelt: string; ownerIsQuestion: boolean }> {
  const bytes = queryBytes(name, type);
  const octets = render(await house.answerTo(bytes), new Query(bytes), UDP_LIMITS);
  const questionEnd = 12 + name.length + 2 + 4;
  const labels = octets.subarray(12, 12 + name.length + 2).toString('latin1');
  const spelt = labels.replace(/[^a-z]/gi, ' ').trim();
  return { spelt, ownerIsQuestion: octets.subarray(questionEnd, questionEnd + 2).equals(POINTER) };
}

const asSpelt = (name: string) => ({ spelt: name.replaceAll('.', ' '), ownerIsQuestion: true });

describe('the spelling of a question comes back', () => {
  it('from upstreams and from the cache, which has one entry for all', async () => {
    for (const name of SPELLINGS) expect(await told(name)).toEqual(asSpelt(name));
    expect(house.sent).toHaveLength(1);
    expect(house.sent[0]!.toString('latin1')).toContain('\x03www\x07example');
  });

  it('to each of several who ask at once', async () => {
    expect(await Promise.all(SPELLINGS.map((name) => told(name)))).toEqual(SPELLINGS.map(asSpelt));
    expect(house.sent).toHaveLength(1);
  });

  it.each([
    'nas.home.arpa',
    'NAS.Home.ARPA',
    'fIles.home.arpa',
    'WWW.home.arpa',
    'DNS.home.EXAMPLE',
    'LocalHost',
  ])('from the house: %s', async (name) => {
    expect(await told(name)).toEqual(asSpelt(name));
  });

  it('with a stale answer', async () => {
    await told(SPELLINGS[0]!);
    house.clock.advance(400_000);
    house.clock.setState('untrusted');
    for (const name of SPELLINGS) expect(await told(name)).toEqual(asSpelt(name));
    expect(house.sent).toHaveLength(1);
  });

  it('with a failure and with a refusal, which have no records', async () => {
    house.upstreams = () => new Error('a bug');
    for (const name of SPELLINGS) {
      expect((await told(name)).spelt).toBe(asSpelt(name).spelt);
      const bytes = queryBytes(name, 'A', { flags: FLAG.RD });
      const refused = await house.answerTo(bytes, { client: '203.0.113.1' });
      expect(render(refused, new Query(bytes), UDP_LIMITS).subarray(12)).toEqual(bytes.subarray(12));
    }
  });
});
