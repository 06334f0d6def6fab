// The story of a corpus of broken messages against a running Noonmark: each thrown at it as a query on every
// transport, and given to it as the reply of its upstream. After each one it must be alive and answer an
// ordinary query rightly. attacks/corpus.test.ts tells it with a sample, full/corpus.test.ts with everything.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CorpusMessage } from './corpus.ts';
import { type Client, type DohClient, openDoh } from './dns-client.ts';
import { answerWith, makeQuery, readReply } from './dns-message.ts';
import { eventually } from './eventually.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, type Noonmark, startNoonmark, TRANSPORTS } from './noonmark.ts';
import { HOSTILE_ADDRESS, type HostileDot, startHostileDot } from './peers/hostile-dot.ts';
import { WILD_ZONE } from './peers/unbound.ts';
import { makePki, upstreamCertificate, upstreamEntry } from './upstreams.ts';

const HEADER_OCTETS = 12;
const QUESTION_TAIL_OCTETS = 4;
const MAX_UDP_OCTETS = 65_507;
/** Bad replies that are given at once; each may cost its client the whole deadline. */
const BATCH = 32;
/** An upstream that gave nothing readable for a while is used again this soon after it does. */
const BACK_WITHIN_MS = 1_500;
/** RFC 9110: what a DoH server may say to a body that is no query. */
const DOH_STATUSES = [200, 400, 413, 415];

type Patch = (message: Buffer, query: Buffer) => Buffer;

const PATCHES: readonly [string, Patch][] = [
  ['with the ID of the query', withId],
  ['with the ID and the question of the query', withQuestion],
];

export function corpusSuite(messages: readonly CorpusMessage[]): void {
  let hostile: HostileDot;
  let noonmark: Noonmark;
  let serial = 0;

  beforeAll(async () => {
    const pki = makePki();
    hostile = await startHostileDot(upstreamCertificate(pki));
    noonmark = await startNoonmark({ config: { upstreams: [upstreamEntry(hostile.port, pki.rootFile)] } });
  });

  afterAll(async () => {
    await noonmark?.stop();
    await hostile?.stop();
  });

  async function expectNormal(client: Client, after: string): Promise<void> {
    const internal = await client.ask(makeQuery(INTERNAL_NAME));
    expect(internal && readReply(internal).answers, `an internal name after ${after}`).toEqual([
      `A ${INTERNAL_ADDRESS}`,
    ]);
    const world = await client.ask(makeQuery(`n${++serial}.${WILD_ZONE}`));
    expect(world && readReply(world).answers, `a name of the world after ${after}`).toEqual([
      `A ${HOSTILE_ADDRESS}`,
    ]);
  }

  describe(`${messages.length} messages of the corpus as queries`, () => {
    test.each(TRANSPORTS)('over %s: alive, and a normal query after each is right', async (transport) => {
      hostile.behaviour = 'answers';
      let client = await noonmark.open(transport);
      for (const { name, wire } of messages) {
        if (transport === 'UDP' && wire.length > MAX_UDP_OCTETS) continue;
        if (client.isClosed) client = await noonmark.open(transport);
        client.send(wire);
        // A stream may be closed on a message that is no message; UDP and HTTP must go on as they are.
        const mayClose = transport === 'TCP' || transport === 'DoT';
        const normal = await client.ask(makeQuery(INTERNAL_NAME));
        if (normal === null && mayClose) client = await noonmark.open(transport);
        await expectNormal(client, name);
        expect(noonmark.process.hasEnded).toBe(false);
      }
      client.close();
    });

    test('over DoH each has a status that fits, and any answer is a reply to it', async () => {
      const client: DohClient = await openDoh(noonmark.endpoint('DoH'), noonmark.trust());
      for (const { name, wire } of messages) {
        const reply = await client.request(wire, 'POST');
        expect(DOH_STATUSES, name).toContain(reply?.status);
        if (reply?.status !== 200) continue;
        expect(Buffer.from(reply.body).readUInt16BE(0), name).toBe(wire.readUInt16BE(0));
        expect(reply.body[2]! & 0x80, `${name}: QR`).toBe(0x80);
      }
      client.close();
    });
  });

  describe.each(PATCHES)(`${messages.length} messages of the corpus as upstream replies, %s`, (_, patch) => {
    test('before the right reply: every client gets a readable answer', async () => {
      const client = await noonmark.open('UDP');
      for (const { name, wire } of messages) {
        hostile.behaviour = {
          reply: (query) => [patch(wire, query), answerWith(query, HOSTILE_ADDRESS)],
        };
        const query = makeQuery(`b${++serial}.${WILD_ZONE}`);
        const reply = await client.ask(query);
        expectWellFormed(reply, query, name);
        hostile.behaviour = 'answers';
        await expectNormal(client, name);
        expect(noonmark.process.hasEnded).toBe(false);
      }
      client.close();
    });

    test('and nothing else: every client is answered all the same', async () => {
      for (let from = 0; from < messages.length; from += BATCH) {
        const batch = messages.slice(from, from + BATCH);
        const byName = new Map(batch.map(({ wire }) => [`o${++serial}.${WILD_ZONE}`, wire]));
        hostile.behaviour = { reply: (query) => replyFor(byName, query, patch) };
        const client = await noonmark.open('UDP');
        const asked = [...byName.keys()].map(async (name, at) => {
          const query = makeQuery(name, 'A', { id: at + 1 });
          expectWellFormed(await client.ask(query), query, batch[at]!.name);
        });
        await Promise.all(asked);
        hostile.behaviour = 'answers';
        const isBack = () => expectNormal(client, `the batch from ${batch[0]!.name}`).then(() => true);
        await eventually(isBack, { withinMs: BACK_WITHIN_MS });
        client.close();
      }
      expect(noonmark.process.hasEnded).toBe(false);
    });
  });
}

/** Whatever became of it, the client has a reply to its own question that a strict reader can read. */
function expectWellFormed(reply: Uint8Array | null, query: Buffer, after: string): void {
  expect(reply, `an answer after ${after}`).not.toBeNull();
  const read = readReply(reply!);
  expect(read.isReply, after).toBe(true);
  expect(read.questionName, after).toBe(readReply(query).questionName);
}

function replyFor(byName: ReadonlyMap<string, Buffer>, query: Buffer, patch: Patch): Buffer[] {
  const wire = byName.get(readReply(query).questionName ?? '');
  return wire === undefined ? [answerWith(query, HOSTILE_ADDRESS)] : [patch(wire, query)];
}

function withId(message: Buffer, query: Buffer): Buffer {
  const patched = Buffer.from(message);
  if (patched.length >= 2) query.copy(patched, 0, 0, 2);
  return patched;
}

/** ID, QR and question of the query; the flags, counts and everything behind the question of the message. */
function withQuestion(message: Buffer, query: Buffer): Buffer {
  if (message.length < HEADER_OCTETS) return withId(message, query);
  const header = withId(message.subarray(0, HEADER_OCTETS), query);
  header[2]! |= 0x80;
  header.writeUInt16BE(1, 4);
  return Buffer.concat([
    header,
    query.subarray(HEADER_OCTETS, questionEnd(query)),
    message.subarray(questionEnd(message)),
  ]);
}

/** Where the first question ends, as far as plain labels lead. */
function questionEnd(message: Buffer): number {
  let at = HEADER_OCTETS;
  while (at < message.length && message[at]! > 0 && message[at]! < 0x40) at += 1 + message[at]!;
  const isPointer = at < message.length && message[at]! >= 0xc0;
  return Math.min(message.length, at + (isPointer ? 2 : 1) + QUESTION_TAIL_OCTETS);
}
