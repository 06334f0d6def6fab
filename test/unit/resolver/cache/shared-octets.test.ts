// Plain and atomic stores and loads do the same, where nobody else is about; and a table on a machine that needs the atomic
// ones, simulated on this one.

import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  copyWordsAtomically,
  copyWordsPlainly,
  loadWordsAtomically,
  type Octets,
  storeOctetsAtomically,
  storeOctetsPlainly,
  storeWordAtomically,
  storeWordPlainly,
} from '../../../../src/resolver/cache/shared-octets.ts';
import { tableKey } from '../../../support/table-keys.ts';

const OWN_ARCH = process.arch;

afterEach(() => {
  Object.defineProperty(process, 'arch', { value: OWN_ARCH });
  vi.resetModules();
});

function memory(): Octets {
  const buffer = new SharedArrayBuffer(1024);
  return { words: new Int32Array(buffer), octets: new Uint8Array(buffer) };
}

it('stores the same octets in both ways', () => {
  const from = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(from, fc.nat(100), fc.nat(200), (octets, unit, less) => {
      const [plain, atomic] = [memory(), memory()];
      const length = Math.max(0, octets.length - less);
      storeOctetsPlainly(plain, unit * 8, octets, length);
      storeOctetsAtomically(atomic, unit * 8, octets, length);
      const end = unit * 8 + length;
      expect(atomic.octets.slice(0, end)).toEqual(plain.octets.slice(0, end));
      expect(atomic.octets.slice(Math.ceil(end / 4) * 4).every((octet) => octet === 0)).toBe(true);
      expect(plain.octets.slice(end).every((octet) => octet === 0)).toBe(true);
    }),
  );
});

it.each([copyWordsPlainly, copyWordsAtomically, loadWordsAtomically])(
  '%o copies these words and no others',
  (copy) => {
    const from = Int32Array.from({ length: 200 }, (_, at) => at * 0x0101_0101 - 5);
    for (const count of [0, 1, 47, 49, 100]) {
      const to = new Int32Array(200);
      copy(to, 20, from, 30, count);
      expect(to.subarray(20, 20 + count)).toEqual(from.subarray(30, 30 + count));
      expect([...to.subarray(0, 20), ...to.subarray(20 + count)].every((word) => word === 0)).toBe(true);
    }
  },
);

it('stores words', () => {
  for (const store of [storeWordPlainly, storeWordAtomically]) {
    const words = new Int32Array(3);
    store(words, 1, -7);
    expect([...words]).toEqual([0, -7, 0]);
  }
});

function isSimulated(arch: string): void {
  Object.defineProperty(process, 'arch', { value: arch });
  vi.resetModules();
}

it.each([
  ['x64', 'Plainly'],
  ['arm64', 'Atomically'],
] as const)('on %s, all is done %s', async (arch, way) => {
  isSimulated(arch);
  const forms = await import('../../../../src/resolver/cache/shared-octets.ts');
  expect(forms.storeWord).toBe(forms[`storeWord${way}`]);
  expect(forms.storeOctets).toBe(forms[`storeOctets${way}`]);
  expect(forms.copyWords).toBe(forms[`copyWords${way}`]);
  expect(forms.loadWord).toBe(way === 'Plainly' ? forms.loadWordPlainly : Atomics.load);
  expect(forms.loadWords).toBe(way === 'Plainly' ? forms.copyWordsPlainly : forms.loadWordsAtomically);
});

describe('a table and its reader on arm64', () => {
  it('hold what a table holds', async () => {
    isSimulated('arm64');
    const { OctetTable } = await import('../../../../src/resolver/cache/octet-table.ts');
    const { TableReader } = await import('../../../../src/resolver/cache/table-reader.ts');
    const table = new OctetTable(64 * 1024);
    const reader = new TableReader(table.shared);
    for (let at = 0; at < 2000; at += 1) {
      const value = Buffer.alloc(at % 300, at);
      table.set(tableKey(`name-${at}`), value);
      const own = table.find(tableKey(`name-${at}`));
      expect(Buffer.from(table.octets.slice(own, own + table.valueLength(own)))).toEqual(value);
      const read = reader.find(tableKey(`name-${at}`));
      expect(Buffer.from(reader.octets.slice(read, read + reader.valueLength(read)))).toEqual(value);
    }
  });

  it('do not read beyond memory, whatever stands there', async () => {
    isSimulated('arm64');
    const { OctetTable } = await import('../../../../src/resolver/cache/octet-table.ts');
    const { TableReader } = await import('../../../../src/resolver/cache/table-reader.ts');
    const table = new OctetTable(64 * 1024);
    const reader = new TableReader(table.shared);
    table.set(tableKey('name'), Buffer.from('value'));
    const words = new Int32Array(table.shared.area);
    const index = new Int32Array(table.shared.index);
    index[index.indexOf(8)] = words.length / 2 - 1; // the first entry's place; now the last unit
    words[words.length - 1] = 'name'.length;
    expect(reader.find(tableKey('name'))).toBe(-1);
  });
});
