// The key that tables find a question by, and the hashes of its name and of those above it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameHashes } from '../../../src/dns/name-hashes.ts';
import { nameKey, parentOf, ROOT } from '../../../src/dns/names.ts';
import { Query } from '../../../src/dns/query.ts';
import { hashOfName, questionKey } from '../../../src/dns/question-key.ts';
import { ask, FLAG, queryBytes } from '../../support/messages.ts';

const label = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 1, maxLength: 63 });
const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));

describe('the key of a question', () => {
  it('has the same octets as its text, and the hash that a key of that text has', () => {
    fc.assert(
      fc.property(name, fc.constantFrom('A', 'AAAA', 'HTTPS'), (text, type) => {
        const query = ask(text, type);
        const { octets, length, hash, text: own } = query.key;
        expect(own).toBe(query.cacheKey);
        expect(Buffer.from(octets.subarray(0, length)).toString('latin1')).toBe(query.cacheKey);
        expect(hash).toBe(questionKey(query.cacheKey).hash);
      }),
    );
  });

  it('has another hash for another name, type, DO or CD, and the same for other letters', () => {
    const hashes = [
      ask('www.example').key.hash,
      ask('wwx.example').key.hash,
      ask('www.example', 'AAAA').key.hash,
      ask('www.example', 'A', { edns: { dnssecOk: true } }).key.hash,
      ask('www.example', 'A', { flags: FLAG.RD | FLAG.CD }).key.hash,
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(ask('WWW.Example').key.hash).toBe(hashes[0]);
  });

  it('knows the hash of every name above', () => {
    fc.assert(
      fc.property(name, (text) => {
        const { key } = ask(text);
        let above = nameKey(text);
        for (let label = 0; label < key.labels; label += 1) {
          expect(key.hashAt(label)).toBe(hashOfName(above));
          above = parentOf(above);
        }
        expect(above).toBe(ROOT);
        expect(key.hashAt(key.labels)).toBe(hashOfName(ROOT));
      }),
    );
  });

  it('is its own again after another query was asked for its key', () => {
    const [one, other] = [ask('one.example'), ask('other.example')];
    const { hash } = one.key;
    expect(other.key.hash).not.toBe(hash);
    expect([one.key.hash, one.key.text]).toEqual([hash, one.cacheKey]);
  });

  it('is that of the query that was read last into the same memory', () => {
    const query = new Query();
    for (const text of ['a.example', 'a.much.longer.example', 'b.example']) {
      const octets = Buffer.concat([Buffer.of(1, 2, 3), queryBytes(text, 'A', { edns: {} })]);
      query.read(octets, 3, octets.length);
      expect(query.key.hash).toBe(ask(text).key.hash);
      expect([query.nameKey, query.edns?.payloadOctets]).toEqual([nameKey(text), 1232]);
    }
  });
});

describe('a query that was read', () => {
  it('is the one of the octets themselves, whatever was read before', () => {
    const query = new Query();
    const parts = fc.record({
      name,
      edns: fc.option(fc.record({ dnssecOk: fc.boolean(), payloadOctets: fc.nat(4096) }), { nil: undefined }),
      cut: fc.nat(3),
    });
    const seen = (one: Query) => ({
      bytes: Buffer.from(one.bytes).toString('hex'),
      questionEnd: one.questionEnd,
      isMalformed: one.isMalformed,
      edns: one.edns === null ? null : { ...one.edns },
    });
    fc.assert(
      fc.property(parts, ({ name: text, edns, cut }) => {
        const octets = queryBytes(text, 'A', edns === undefined ? {} : { edns });
        const end = octets.length - cut;
        query.read(octets, 0, end);
        expect(seen(query)).toEqual(seen(new Query(octets.subarray(0, end))));
      }),
    );
  });

  it('of more octets than usual is whole', () => {
    const query = new Query();
    const long = Buffer.concat([queryBytes('www.example'), Buffer.alloc(5000, 7)]);
    query.read(long, 0, long.length);
    expect(Buffer.from(query.bytes).equals(long)).toBe(true);
  });

  it('leaves a copy alone when another is read', () => {
    const query = new Query();
    const first = queryBytes('first.example');
    query.read(first, 0, first.length);
    const copy = query.copy();
    const second = queryBytes('second.example');
    query.read(second, 0, second.length);
    expect([copy.nameKey, query.nameKey]).toEqual([nameKey('first.example'), nameKey('second.example')]);
  });
});

describe('names by their hashes', () => {
  it('are perhaps what was added, and certainly not what was not', () => {
    const hashes = new NameHashes();
    hashes.addName(nameKey('host.example'));
    hashes.addTree(nameKey('home.arpa'));
    const may = (text: string) => hashes.mayHold(ask(text).key);
    expect(['host.example', 'HOST.example', 'home.arpa', 'a.b.home.arpa'].map(may)).toEqual(
      Array(4).fill(true),
    );
    expect(['x.host.example', 'example', 'arpa', 'xhome.arpa', 'www.test'].map(may)).toEqual(
      Array(5).fill(false),
    );
  });

  it('hold every one of thousands', () => {
    const hashes = new NameHashes();
    const names = Array.from({ length: 5000 }, (_, at) => `n${at}.example`);
    for (const text of names) hashes.addName(nameKey(text));
    expect(names.every((text) => hashes.mayHold(ask(text).key))).toBe(true);
  });

  it('with the root as a tree hold everything', () => {
    const hashes = new NameHashes();
    hashes.addTree(ROOT);
    expect(hashes.mayHold(ask('www.example').key)).toBe(true);
  });
});
