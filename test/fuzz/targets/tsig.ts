// TSIG and DNS UPDATE (src/dns/tsig.ts, update.ts): a response that was signed with the key of its request is genuine,
// none with a changed octet is, and any octets have a verdict, a response code or none, and a zone above the name or
// none.

import { createHash, createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { isAtOrBelow, nameKey, nameOctets, ROOT } from '../../../src/dns/names.ts';
import { judgeTsig, signTsig, TSIG_ALGORITHMS, type TsigKey } from '../../../src/dns/tsig.ts';
import { readRcode, soaQuestion, txtUpdate, zoneOf } from '../../../src/dns/update.ts';
import { layoutOf } from '../../../src/dns/wire.ts';
import { anyMessage, wholeMessage } from '../mutated-messages.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface Signed {
  readonly algorithm: (typeof TSIG_ALGORITHMS)[number];
  readonly secret: Uint8Array;
  readonly message: Buffer;
  readonly any: Buffer;
  readonly at: number;
  readonly flip: number;
  readonly laterSeconds: number;
}

const NAME = nameKey('_acme-challenge.dns.home.example.');
const NOW_SECONDS = 1_800_000_000;
const FUDGE_SECONDS = 300;
const TYPE_TSIG = 250;
/** Time signed, fudge and the MAC's length, before the MAC; original ID, error and other length behind it. */
const TIMING_AND_LENGTH_OCTETS = 10;
const BEHIND_MAC_OCTETS = 6;

export const tsig: FuzzTarget<Signed> = {
  name: 'tsig',
  oracle: 'RFC 8945: signed octets, and no others',
  runs: 1500,
  input: fc.record({
    algorithm: fc.constantFrom(...TSIG_ALGORITHMS),
    secret: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    message: wholeMessage,
    any: anyMessage,
    at: fc.nat(),
    flip: fc.integer({ min: 1, max: 255 }),
    laterSeconds: fc.integer({ min: -400, max: 400 }),
  }),
  holds({ algorithm, secret, message, any, at, flip, laterSeconds }) {
    const key: TsigKey = { name: nameKey('home.'), algorithm, secret: createSecretKey(secret) };
    mustKnowItsOwn(message, { key, at, flip, laterSeconds });
    const request = soaQuestion(7, NAME);
    const { mac } = signTsig(
      txtUpdate(7, { action: 'add', zone: nameKey('example.'), name: NAME, value: 'x' }),
      key,
      NOW_SECONDS,
    );
    must(
      judgeTsig(any, { key, requestMac: mac, nowSeconds: NOW_SECONDS }).kind !== 'genuine',
      'nobody signs by chance',
    );
    const rcode = readRcode(any, request);
    must(rcode === null || (rcode >= 0 && rcode <= 15), 'a response code has four bits');
    const answering = Buffer.concat([Buffer.of(0, 7, 0x84, 0), any.subarray(4)]);
    for (const response of [any, answering]) {
      const zone = zoneOf(response, request);
      must(zone === null || (zone !== ROOT && isAtOrBelow(NAME, zone)), 'a zone holds the name');
    }
  },
};

/** Signs as a server does (RFC 8945 sections 4.3.3 and 5.3.1), by arithmetic of its own, and changes an octet of that. */
function mustKnowItsOwn(
  message: Buffer,
  story: Pick<Signed, 'at' | 'flip' | 'laterSeconds'> & { key: TsigKey },
): void {
  const { key, at, flip, laterSeconds } = story;
  const requestMac = Buffer.alloc(32, 5);
  const signed = Buffer.from(signTsig(message, key, NOW_SECONDS).message);
  if (layoutOf(message) === null || message.readUInt16BE(10) === 0xffff || hasTsig(message)) return;
  const hash = key.algorithm.replace('hmac-', '');
  const macOctets = createHash(hash).digest().length;
  const macAt = signed.length - BEHIND_MAC_OCTETS - macOctets;
  const algorithm = nameOctets(nameKey(key.algorithm));
  const timing = signed.subarray(macAt - TIMING_AND_LENGTH_OCTETS, macAt - 2);
  const variables = [nameOctets(key.name), Buffer.of(0, 255, 0, 0, 0, 0), algorithm, timing, Buffer.alloc(4)];
  const mac = createHmac(hash, key.secret).update(Buffer.of(0, 32)).update(requestMac).update(message);
  for (const part of variables) mac.update(part);
  mac.digest().copy(signed, macAt);
  const ground = (nowSeconds: number) => ({ key, requestMac, nowSeconds });
  const verdictAt = (nowSeconds: number) => judgeTsig(signed, ground(nowSeconds)).kind;
  const isInTime = Math.abs(laterSeconds) <= FUDGE_SECONDS;
  mustEqual(
    verdictAt(NOW_SECONDS + laterSeconds),
    isInTime ? 'genuine' : 'bad',
    'the verdict on a signed response',
  );
  must(
    judgeTsig(withOctets(signed, message.length, macAt), ground(NOW_SECONDS)).kind !== 'genuine',
    'octets put behind show',
  );
  // The ID stands in the signature once more (section 5.3.1), and the names in it have no case.
  const place = 2 + (at % (signed.length - 2));
  const isOfName = place >= message.length && place < macAt - TIMING_AND_LENGTH_OCTETS;
  if (isOfName && flip === 0x20) return;
  signed[place]! ^= flip;
  must(verdictAt(NOW_SECONDS) !== 'genuine', `octet ${place}, when it is changed, shows`);
}

/** With two octets of `other` that nobody signed; every length is right. */
function withOctets(signed: Buffer, recordAt: number, macAt: number): Buffer {
  const longer = Buffer.concat([signed, Buffer.of(1, 2)]);
  longer.writeUInt16BE(2, signed.length - 2);
  const rdlengthAt = recordAt + nameKey('home.').length + 8;
  must(rdlengthAt < macAt, 'the record begins before its MAC');
  longer.writeUInt16BE(longer.readUInt16BE(rdlengthAt) + 2, rdlengthAt);
  return longer;
}

/** Two of them are none. */
function hasTsig(message: Buffer): boolean {
  const layout = layoutOf(message)!;
  return layout.ttlOffsets.some((at) => message.readUInt16BE(at - 4) === TYPE_TSIG);
}
