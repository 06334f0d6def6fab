// TSIG against what BIND 9.18 said: its nsupdate signed the request, its named the responses. Then whatever else may come,
// some of it rightly signed, by a signer of the test's own.

import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameKey } from '../../../src/dns/names.ts';
import { judgeTsig, signTsig, TSIG_ALGORITHMS, type TsigKey } from '../../../src/dns/tsig.ts';
import { anyOctets, SEED, uint16, writeName, writeRecord } from '../../support/arbitrary-messages.ts';

const octets = (hex: string) => Buffer.from(hex, 'hex');
const hex = (some: Uint8Array) => Buffer.from(some).toString('hex');

const SECRET = Buffer.from('noonmark-test-key-of-32-octets!!');
const KEY: TsigKey = {
  name: nameKey('acme-key'),
  algorithm: 'hmac-sha256',
  secret: createSecretKey(SECRET),
};
const MAC_OCTETS = 32;
/** When all of it was said: 2026-11-29T16:53:37Z. */
const SAID_AT = 0x6b0c5891;
/** Octets of a TSIG record of this key without an error: owner, fixed part, algorithm, time to other length. */
const TSIG_OCTETS = 10 + 10 + 13 + 10 + MAC_OCTETS + 6;

const NSUPDATE_SAID = octets(
  '861e2800000100000001000104686f6d65076578616d706c6500000600010f5f61636d652d6368616c6c656e6765c00c001000010000003c0004036f6e650861636d652d6b65790000fa00ff00000000003d0b686d61632d7368613235360000006b0c5891012c0020a86d7146fee633926b16e66dd83b4ff96449e3fff54a8dc4a5cf3f9c54f7eba7861e00000000',
);
const NAMED_SAID = octets(
  '861ea800000100000000000104686f6d65076578616d706c6500000600010861636d652d6b65790000fa00ff00000000003d0b686d61632d7368613235360000006b0c5891012c002059cf9f4e905f41e9b115c86763baaeac4a87ff3fdf2fb749cf5e48f637fe58f0861e00000000',
);
const REQUEST_MAC = NSUPDATE_SAID.subarray(-MAC_OCTETS - 6, -6);
/** Of another conversation, in which our clock was an hour late. */
const BADTIME_SAID = octets(
  '1350a809000100000000000104686f6d65076578616d706c6500000600010861636d652d6b65790000fa00ff0000000000430b686d61632d7368613235360000006b0c4a81012c00203a415568802fce463d2df654f36121a413872f2dc6959fca1cd733627ca8125413500012000600006b0c5891',
);
const BADTIME_REQUEST_MAC = octets('4a28692f9fa0ca87bb941ca564787bc40998f779a89118a23e91de2867bbb909');
const BADSIG_SAID = octets(
  '30bfa809000100000000000104686f6d65076578616d706c6500000600010861636d652d6b65790000fa00ff00000000001d0b686d61632d7368613235360000006b0c5891012c000030bf00100000',
);
const BADKEY_SAID = octets(
  '03cda809000100000000000104686f6d65076578616d706c650000060001066e6f626f64790000fa00ff00000000001d0b686d61632d7368613235360000006b0c5891012c000003cd00110000',
);

const ground = { key: KEY, requestMac: REQUEST_MAC, nowSeconds: SAID_AT };

function reasonFor(response: Uint8Array, more: Partial<typeof ground> = {}): string {
  const verdict = judgeTsig(response, { ...ground, ...more });
  return verdict.kind === 'bad' ? verdict.reason : verdict.kind;
}

describe('signing', () => {
  const unsigned = Buffer.from(NSUPDATE_SAID.subarray(0, -TSIG_OCTETS));
  unsigned.writeUInt16BE(0, 10);

  it('gives octet for octet what nsupdate sends', () => {
    const { message, mac } = signTsig(unsigned, KEY, SAID_AT + 0.9);
    expect(hex(message)).toBe(hex(NSUPDATE_SAID));
    expect(hex(mac)).toBe(hex(REQUEST_MAC));
  });

  it('leaves the message that it was given as it was', () => {
    const before = hex(unsigned);
    signTsig(unsigned, KEY, SAID_AT);
    expect(hex(unsigned)).toBe(before);
  });

  it('writes times of 48 bits, and what no clock should say as zero', () => {
    const timeAt = (seconds: number) => hex(signTsig(unsigned, KEY, seconds).message.subarray(-48, -42));
    expect(timeAt(2 ** 32 + 1)).toBe('000100000001');
    for (const odd of [-5, Number.NaN]) expect(timeAt(odd)).toBe('000000000000');
  });
});

describe('what named said', () => {
  it('is genuine, from five minutes before our time to five minutes after it', () => {
    for (const offSeconds of [-300, 0, 300])
      expect(reasonFor(NAMED_SAID, { nowSeconds: SAID_AT + offSeconds })).toBe('genuine');
    for (const offSeconds of [-301, 301]) {
      expect(reasonFor(NAMED_SAID, { nowSeconds: SAID_AT + offSeconds })).toMatch(
        /^has a clock that says 2026-11-29T16:53:37Z where ours says 2026-11-29T16:\d\d:\d\dZ, over 300 s apart; set the wrong one right$/,
      );
    }
  });

  it('is not genuine with any bit changed, but those of the ID and of the case of names', () => {
    const start = NAMED_SAID.length - TSIG_OCTETS;
    const isLetterOfName = (at: number) =>
      (at < start + 10 || (at >= start + 20 && at < start + 33)) &&
      /[a-z]/.test(String.fromCharCode(NAMED_SAID[at]!));
    let changes = 0;
    for (let bit = 16; bit < NAMED_SAID.length * 8; bit += 1) {
      const at = bit >> 3;
      if ((bit & 7) === 5 && at >= start && isLetterOfName(at)) continue;
      const changed = Buffer.from(NAMED_SAID);
      changed[at]! ^= 1 << (bit & 7);
      expect(reasonFor(changed), `bit ${bit}`).not.toBe('genuine');
      changes += 1;
    }
    expect(changes).toBe((NAMED_SAID.length - 2) * 8 - 'acmekeyhmacsha'.length);
  });

  it('is not genuine cut short, prolonged, for another request or under another key', () => {
    for (let length = 0; length < NAMED_SAID.length; length += 1)
      expect(reasonFor(NAMED_SAID.subarray(0, length)), `${length} octets`).not.toBe('genuine');
    expect(reasonFor(Buffer.concat([NAMED_SAID, Buffer.of(0)]))).toContain('cannot be read');
    expect(reasonFor(NAMED_SAID, { requestMac: BADTIME_REQUEST_MAC })).toContain('signs its answer wrongly');
    expect(reasonFor(NAMED_SAID, { key: { ...KEY, secret: createSecretKey(SECRET.subarray(1)) } })).toContain(
      'signs its answer wrongly',
    );
    for (const other of [{ name: nameKey('acme-keys') }, { algorithm: 'hmac-sha512' } as const]) {
      expect(reasonFor(NAMED_SAID, { key: { ...KEY, ...other } })).toContain('with another key than');
    }
  });

  it('with BADTIME is both clocks', () => {
    const late = { requestMac: BADTIME_REQUEST_MAC, nowSeconds: SAID_AT - 3600 };
    const clocks =
      'has a clock that says 2026-11-29T16:53:37Z where ours says 2026-11-29T15:53:37Z, too far apart (BADTIME); set the wrong one right';
    expect(reasonFor(BADTIME_SAID, late)).toBe(clocks);
    // A clock that somebody else speaks of is no reason to set ours.
    expect(reasonFor(BADTIME_SAID, { ...late, requestMac: REQUEST_MAC })).toContain(
      'signs its answer wrongly',
    );
  });

  it('with BADSIG is the secret, with BADKEY the name', () => {
    expect(reasonFor(BADSIG_SAID)).toBe(
      'has another secret for the key "acme-key" (BADSIG); copy the key file from there again',
    );
    const key = { ...KEY, name: nameKey('nobody') };
    expect(reasonFor(BADKEY_SAID, { key })).toBe(
      `knows no key "nobody" for hmac-sha256 (BADKEY); write the key's name and algorithm as they are there`,
    );
  });

  it('without its TSIG record is unsigned, and with that in another place malformed', () => {
    const unsigned = Buffer.from(NAMED_SAID.subarray(0, -TSIG_OCTETS));
    unsigned.writeUInt16BE(0, 10);
    expect(reasonFor(unsigned)).toBe('unsigned');
    const asAnswer = Buffer.from(NAMED_SAID);
    asAnswer.writeUInt16BE(1, 6);
    asAnswer.writeUInt16BE(0, 10);
    expect(reasonFor(asAnswer)).toContain('cannot be read');
    const notLast = Buffer.concat([NAMED_SAID, writeRecord(Buffer.of(0), 1, 1, 0, Buffer.of(1, 2, 3, 4))]);
    notLast.writeUInt16BE(2, 10);
    expect(reasonFor(notLast)).toContain('cannot be read');
  });
});

interface Odd {
  readonly algorithm?: string;
  readonly hash?: string;
  readonly error?: number;
  readonly other?: Buffer;
  readonly seconds?: bigint;
  readonly fudge?: number;
  readonly macOctets?: number;
}

/** A response without any question, signed rightly under SECRET for REQUEST_MAC, with whatever else is odd in it. */
function signedResponse(odd: Odd = {}): Buffer {
  const { algorithm = 'hmac-sha256', hash = 'sha256', error = 0, other = Buffer.alloc(0) } = odd;
  const header = Buffer.from('0001a8000000000000000000', 'hex');
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(odd.seconds ?? BigInt(SAID_AT));
  const owner = writeName([Buffer.from('acme-key')]);
  const name = writeName([Buffer.from(algorithm)]);
  const timing = Buffer.concat([time.subarray(2), uint16(odd.fudge ?? 300)]);
  const tail = Buffer.concat([uint16(error), uint16(other.length), other]);
  const mac = createHmac(hash, SECRET)
    .update(Buffer.concat([uint16(REQUEST_MAC.length), REQUEST_MAC, header]))
    .update(Buffer.concat([owner, Buffer.from('00ff00000000', 'hex'), name, timing, tail]))
    .digest()
    .subarray(0, odd.macOctets);
  const rdata = Buffer.concat([name, timing, uint16(mac.length), mac, uint16(1), tail]);
  const message = Buffer.concat([header, writeRecord(owner, 250, 255, 0, rdata)]);
  message.writeUInt16BE(1, 10);
  return message;
}

describe('a response that is rightly signed', () => {
  it.each(TSIG_ALGORITHMS)('with %s is genuine', (algorithm) => {
    const response = signedResponse({ algorithm, hash: algorithm.replace('hmac-', '') });
    expect(reasonFor(response, { key: { ...KEY, algorithm } })).toBe('genuine');
  });

  it.each<[string, Odd, string]>([
    ['and has no question', {}, 'genuine'],
    ['and cut to 16 octets', { macOctets: 16 }, 'cuts the signature of its answer short'],
    ['and cut to none', { macOctets: 0 }, 'cuts the signature of its answer short'],
    ['with BADTRUNC', { error: 22 }, 'wants a longer signature (BADTRUNC)'],
    ['with an error that nobody knows', { error: 4711 }, 'refuses our signature with the TSIG error 4711'],
    [
      'with BADTIME and no time',
      { error: 18 },
      'finds our clock wrong, which says 2026-11-29T16:53:37Z (BADTIME)',
    ],
    [
      'with BADTIME and no MAC, as some do',
      { error: 18, macOctets: 0, other: Buffer.alloc(6) },
      'has a clock that says 1970-01-01T00:00:00Z where ours says 2026-11-29T16:53:37Z, too far apart (BADTIME)',
    ],
    [
      'at a time that no date can be made of',
      { seconds: 2n ** 48n - 1n },
      'has a clock that says 281474976710655 s since 1970 where',
    ],
    ['with no fudge at all, within the second', { fudge: 0 }, 'genuine'],
    ['with no fudge at all, a second off', { fudge: 0, seconds: BigInt(SAID_AT - 1) }, 'over 0 s apart'],
  ])('%s', (_what, odd, says) => {
    expect(reasonFor(signedResponse(odd))).toContain(says);
  });
});

describe('any octets', () => {
  const spoilt = fc
    .tuple(
      fc.constantFrom(NAMED_SAID, BADTIME_SAID, BADSIG_SAID, signedResponse()),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    )
    .map(([said, changes]) => {
      const changed = Buffer.from(said);
      for (const [at, octet] of changes) changed[at % changed.length] = octet;
      return changed;
    });

  it('have a verdict', () => {
    fc.assert(
      fc.property(fc.oneof(anyOctets, spoilt), (response) => {
        expect(['genuine', 'unsigned', 'bad']).toContain(judgeTsig(response, ground).kind);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });
});
