// Whether a chain ends in a root that devices ship: judged by the roots, and by nothing else about it.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PublicTrust } from '../../../src/tls/public-trust.ts';
import { createPki } from '../../support/pki.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const pki = createPki(temporaryDirectory('public-trust'));
const roots = () => [readFileSync(pki.rootFile, 'utf8')];
const chainOf = (spec: Parameters<typeof pki.issue>[0]) =>
  readFileSync(pki.issue(spec).certificateFile, 'utf8');

describe('a chain', () => {
  it('that ends in such a root is public, whatever its names and dates are', () => {
    const trust = new PublicTrust(roots);
    expect(trust.of(chainOf({ names: ['dns.example.com'] }))).toBe(true);
    const old = { notBefore: new Date(Date.UTC(2020, 0, 1)), notAfter: new Date(Date.UTC(2020, 5, 1)) };
    const pkiThen = createPki(temporaryDirectory('public-trust'), { at: Date.UTC(2020, 2, 1) });
    const then = new PublicTrust(() => [readFileSync(pkiThen.rootFile, 'utf8')]);
    expect(
      then.of(readFileSync(pkiThen.issue({ names: ['a.example'], ...old }).certificateFile, 'utf8')),
    ).toBe(true);
  });

  it('that ends elsewhere is not: of another CA, without what stands in between, signed by itself', () => {
    const trust = new PublicTrust(roots);
    const other = createPki(temporaryDirectory('public-trust'));
    expect(trust.of(readFileSync(other.issue({ names: ['a.example'] }).certificateFile, 'utf8'))).toBe(false);
    const [leaf] = chainOf({ names: ['a.example'] }).split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(trust.of(leaf!)).toBe(false);
    expect(trust.of(chainOf({ names: ['a.example'], issuer: 'self' }))).toBe(false);
  });

  it('of a CA of ours does not end in the roots of the world', () => {
    expect(new PublicTrust().of(chainOf({ names: ['a.example'] }))).toBe(false);
  });

  it('that cannot be read is not judged', () => {
    const trust = new PublicTrust(roots);
    expect(trust.of('')).toBeNull();
    expect(trust.of('-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n')).toBeNull();
  });
});
