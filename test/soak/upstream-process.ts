// An upstream of the soak, in a process of its own (it is started by upstreams.ts): it knows the truth about every name, and
// misbehaves when it is told to. Whatever it adds or sends astray is not true, and must not reach a client.

import dnsPacket from 'dns-packet';
import { type DotBehaviour, startHostileDot } from '../support/peers/hostile-dot.ts';
import { hotName, trueReply } from './oracle.ts';
import type { SoakBehaviour } from './upstreams.ts';

/** What a forger would have the world believe. */
const FORGED_ADDRESS = '6.6.6.6';

const OWN: Readonly<Record<string, DotBehaviour>> = {
  answers: { reply: (query) => [trueReply(query)] },
  'sends strays first': {
    reply: (query) => [withWrongId(trueReply(query)), forgedReply(query), trueReply(query)],
  },
  'adds records of others': { reply: (query) => [withForgedRecords(trueReply(query))] },
  'says SERVFAIL': { reply: (query) => [servfail(query)] },
};

const [certificateFile, keyFile, port] = process.argv.slice(2) as [string, string, string];
const upstream = await startHostileDot({
  certificateFile,
  keyFile,
  port: Number(port),
  behaviour: OWN.answers,
});
process.on('message', (behaviour: SoakBehaviour) => {
  upstream.behaviour = OWN[behaviour] ?? (behaviour as DotBehaviour);
  upstream.names.length = 0; // nobody reads them here
});
process.once('disconnect', () => process.exit());
process.send?.('listening');

function withWrongId(reply: Buffer): Buffer {
  reply.writeUInt16BE((reply.readUInt16BE(0) + 1) & 0xffff, 0);
  return reply;
}

/** The right ID over a question that was not asked. */
function forgedReply(query: Buffer): Buffer {
  const { id = 0, questions = [] } = dnsPacket.decode(query);
  const isAsked = questions[0]?.name.toLowerCase() === hotName(id); // then it would be a reply like any other
  const name = hotName(isAsked ? id + 1 : id);
  return dnsPacket.encode({
    type: 'response',
    id,
    questions: [{ type: 'A', name }],
    answers: [{ type: 'A', name, ttl: 3600, data: FORGED_ADDRESS }],
  });
}

/** A name server for everything, and an address for a name that clients ask for all the time. */
function withForgedRecords(reply: Buffer): Buffer {
  const packet = dnsPacket.decode(reply);
  return dnsPacket.encode({
    ...packet,
    authorities: [
      ...(packet.authorities ?? []),
      { type: 'NS', name: 'example', ttl: 3600, data: 'ns.forged.example' },
    ],
    additionals: [{ type: 'A', name: hotName(packet.id ?? 0), ttl: 3600, data: FORGED_ADDRESS }],
  });
}

function servfail(query: Buffer): Buffer {
  const SERVFAIL = 2;
  const { id = 0, questions = [] } = dnsPacket.decode(query);
  return dnsPacket.encode({ type: 'response', id, flags: 0x0180 | SERVFAIL, questions });
}
