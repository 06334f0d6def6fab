// The style and the scripts of the pages: small enough for anybody, and under URLs that change with them.

import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { ASSETS, asset, assetUrl } from '../../../src/web/assets.ts';

it('all of them are small together, as a browser gets them packed', () => {
  const packed = ASSETS.map((file) => gzipSync(asset(file).text).length);
  expect(packed.reduce((sum, octets) => sum + octets, 0)).toBeLessThan(100_000);
});

it.each(ASSETS)('%s asks no other place for anything', (file) => {
  expect(asset(file).text).not.toMatch(/https?:\/\/(?!www\.w3\.org)|@import|\burl\(/);
});

it('is found by name alone', () => {
  expect(assetUrl('live.js')).toMatch(/^\/assets\/live\.js\?[0-9a-f]{12}$/);
  for (const file of ['../page.ts', 'constructor', ''])
    expect(() => asset(file)).toThrow('there is no asset');
});
