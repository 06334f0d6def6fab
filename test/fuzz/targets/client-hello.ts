// The first octets of a TLS client (src/listener/client-hello.ts): a hello that was made by the book offers what was
// put in, and any octets are judged once and for all: more of them change no judgement.

import fc from 'fast-check';
import { offeredProtocols } from '../../../src/listener/client-hello.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface HelloStory {
  readonly hello: Hello;
  readonly octets: Buffer;
  readonly cut: number;
}

interface Hello {
  readonly protocols: readonly string[];
  readonly session: Uint8Array;
  readonly ciphers: Uint8Array;
  readonly before: readonly { readonly type: number; readonly content: Uint8Array }[];
}

const ALPN = 16;
/** From then on nobody waits: a header and the longest record. */
const OCTETS_MAX = 5 + 2 ** 14;

const hello: fc.Arbitrary<Hello> = fc.record({
  protocols: fc.array(fc.constantFrom('h2', 'http/1.1', 'acme-tls/1', 'x'.repeat(255), 'dot'), {
    minLength: 1,
    maxLength: 5,
  }),
  session: fc.uint8Array({ maxLength: 32 }),
  ciphers: fc.uint8Array({ maxLength: 60 }),
  before: fc.array(
    fc.record({
      type: fc.nat(0xffff).filter((type) => type !== ALPN),
      content: fc.uint8Array({ maxLength: 60 }),
    }),
    { maxLength: 5 },
  ),
});
const broken = fc
  .tuple(hello, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
  .map(([one, changes]) => {
    const octets = Buffer.from(written(one));
    for (const [at, octet] of changes) octets[at % octets.length] = octet;
    return octets;
  });

export const clientHello: FuzzTarget<HelloStory> = {
  name: 'client-hello',
  oracle: 'hellos made by the book, and the same judgement of a longer beginning',
  runs: 3000,
  input: fc.record({
    hello,
    octets: fc.oneof(
      broken,
      fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from([22, 3, 1, 0, ...octets])),
    ),
    cut: fc.nat(),
  }),
  holds({ hello, octets, cut }) {
    const whole = written(hello);
    mustEqual(offeredProtocols(whole), hello.protocols, 'the protocols of a hello');
    mustEqual(offeredProtocols(whole.subarray(0, cut % whole.length)), null, 'those of its beginning');
    const early = offeredProtocols(octets.subarray(0, cut % (octets.length + 1)));
    const late = offeredProtocols(octets);
    if (early !== null) mustEqual(late, early, 'the same judgement later');
    const longest = offeredProtocols(Buffer.concat([octets, Buffer.alloc(OCTETS_MAX)]));
    must(longest !== null, 'nobody is waited for for ever');
  },
};

function written({ protocols, session, ciphers, before }: Hello): Buffer {
  const list = Buffer.concat(protocols.map((one) => prefixed(1, Buffer.from(one))));
  const extensions = [...before, { type: ALPN, content: prefixed(2, list) }];
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    prefixed(1, session),
    prefixed(2, ciphers),
    prefixed(1, Buffer.of(0)),
    prefixed(
      2,
      Buffer.concat(
        extensions.map(({ type, content }) =>
          Buffer.concat([Buffer.of(type >> 8, type & 255), prefixed(2, content)]),
        ),
      ),
    ),
  ]);
  return Buffer.concat([Buffer.of(22, 3, 1), prefixed(2, Buffer.concat([Buffer.of(1), prefixed(3, body)]))]);
}

function prefixed(lengthOctets: number, content: Uint8Array): Buffer {
  const length = Buffer.alloc(lengthOctets);
  length.writeUIntBE(content.length, 0, lengthOctets);
  return Buffer.concat([length, content]);
}
