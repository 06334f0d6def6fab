// Messages on a stream (src/dns/framing.ts): any octets, cut anywhere, are the messages that a plain reading of the
// whole finds, and what waits is less than one message.

import fc from 'fast-check';
import { FrameReader } from '../../../src/dns/framing.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface Stream {
  readonly octets: Buffer;
  readonly cuts: readonly number[];
}

const framed = fc
  .array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(300))), { maxLength: 8 })
  .map((messages) =>
    Buffer.concat(messages.flatMap((one) => [Buffer.of(one.length >> 8, one.length & 255), one])),
  );

export const framing: FuzzTarget<Stream> = {
  name: 'framing',
  oracle: 'a plain reading of the whole',
  runs: 4000,
  input: fc.record({
    octets: fc.oneof(
      framed,
      fc.uint8Array({ maxLength: 600 }).map((octets) => Buffer.from(octets)),
    ),
    cuts: fc.array(fc.nat(700), { maxLength: 20 }),
  }),
  holds({ octets, cuts }) {
    const reader = new FrameReader();
    const found: string[] = [];
    const edges = [
      0,
      ...cuts.map((cut) => Math.min(cut, octets.length)).sort((a, b) => a - b),
      octets.length,
    ];
    for (const [at, edge] of edges.slice(1).entries())
      reader.push(octets.subarray(edges[at], edge), (one) => found.push(Buffer.from(one).toString('hex')));
    let rest = octets;
    const wanted: string[] = [];
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      wanted.push(rest.toString('hex', 2, end));
      rest = rest.subarray(end);
    }
    mustEqual(found, wanted, 'messages');
    must(reader.pendingOctets === rest.length, 'what waits is what is left');
  },
};
