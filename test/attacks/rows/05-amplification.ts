// Row 5, sizes: a UDP reply is no weapon against whoever's address a query bears. It has at most 1232 octets, and at most
// 25 times those of the query, whatever is asked, however big the answer is, whatever payload is offered.

import dnsPacket, { type RecordType } from 'dns-packet';
import { readReply } from '../../support/dns-message.ts';
import { asked, message, opt, option, withId, written } from '../../support/peers/hostile-client-queries.ts';
import { ATTACKER, type Trial } from '../trial.ts';

const MOST_OCTETS = 1232;
const MOST_TIMES = 25;
const SILENCE_MS = 1_000;
const BIG_ANSWER = 'v=spf1 include:many.example ~all'.repeat(7);
/** From one that is cut whatever is offered to those that just fit. */
const RECORDS_IN_ANSWER = [1, 2, 3, 4, 5, 20, 100];
const TYPES = { ANY: 255, TXT: 16, DNSKEY: 48, NS: 2, MX: 15, A: 1 } as const;
const OFFERS: readonly (readonly Buffer[])[] = [
  [],
  [opt({ payloadOctets: 512 })],
  [opt({ payloadOctets: 4096 })],
  [opt({ payloadOctets: 65_535 })],
  [opt({ payloadOctets: 65_535, rdata: Buffer.concat([option(3), option(10, Buffer.alloc(8, 1))]) })],
];

export const AMPLIFICATION: Trial = {
  row: 5,
  name: 'small questions with big answers',
  over: ['UDP'],
  async attack({ target, world, transport }) {
    world.upstream.behaviour = { reply: (query) => [bigAnswer(query)] };
    const client = await target.open(transport, ATTACKER);
    const complaints: string[] = [];
    let id = 0;
    for (const query of queries()) {
      id += 1;
      const reply = await client.ask(withId(query, id), SILENCE_MS);
      if (reply === null) continue;
      const times = reply.length / query.length;
      if (reply.length > MOST_OCTETS || times > MOST_TIMES)
        complaints.push(`${describe(reply)}: ${reply.length} octets for ${query.length}`);
    }
    client.close();
    return complaints;
  },
};

function queries(): Buffer[] {
  const names = RECORDS_IN_ANSWER.flatMap((count) => [`n${count}`, `n${count}.long.name.of.a.zone.example`]);
  return ['.', 'a', ...names].flatMap((name) =>
    Object.values(TYPES).flatMap((type) =>
      OFFERS.map((records) => message({ question: asked(written(name), type), records })),
    ),
  );
}

/** To everybody who does not ask for one more than 100 records; bystanders get what they expect. */
function bigAnswer(query: Buffer): Buffer {
  const { id = 0, questions = [] } = dnsPacket.decode(query);
  const { name = '.', type = 'A' } = questions[0] ?? {};
  const count = Number(/^n(\d+)/.exec(name)?.[1] ?? 100);
  const answers =
    type === 'A'
      ? [{ type, name, ttl: 60, data: '192.0.2.66' } as const]
      : Array.from({ length: count }, (_, at) => big(name, type, at));
  return dnsPacket.encode({ type: 'response', id, flags: 0x0180, questions, answers });
}

function big(name: string, type: RecordType, at: number): dnsPacket.Answer {
  const host = `${'x'.repeat(60)}.${'y'.repeat(60)}.n${at}.example`;
  if (type === 'NS') return { type, name, ttl: 60, data: host };
  if (type === 'MX') return { type, name, ttl: 60, data: { exchange: host, preference: at } };
  if (type === 'TXT') return { type, name, ttl: 60, data: [BIG_ANSWER, `${at}`] };
  return {
    type: 'DNSKEY',
    name,
    ttl: 60,
    data: { flags: 257, algorithm: 8, key: Buffer.alloc(256, at) },
  } as dnsPacket.Answer;
}

function describe(reply: Uint8Array): string {
  return readReply(reply).questionName ?? '?';
}
