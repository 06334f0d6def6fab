// `noonmark cache flush`: what the server is asked to forget, what is said of it, and command lines that mean nothing.

import { describe, expect, it, vi } from 'vitest';
import { cache } from '../../../src/cli/cache.ts';
import { EXIT, UsageError } from '../../../src/cli/command.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { newPlace, run, serveSubject } from './control-runs.ts';

async function flush(args: readonly string[], flushed: number) {
  const place = newPlace();
  const flushCache = vi.fn(() => flushed);
  await serveSubject(place, { flushCache });
  const ran = await run(cache, ['flush', ...args, '--config', place.configFile]);
  return { ...ran, asked: flushCache.mock.calls as unknown[][] };
}

describe('cache flush', () => {
  it.each([
    [['Example.com'], nameKey('example.com'), false, '3 answers for Example.com are forgotten.'],
    [
      ['example.com.', '--below'],
      nameKey('example.com'),
      true,
      '3 answers for example.com and names below it are forgotten.',
    ],
    [['--all'], null, false, '3 answers are forgotten.'],
    [['a\\.b&c=d.example'], nameKey('a\\.b&c=d.example'), false, /^3 answers for a\\\.b&c=d\.example are/],
  ])('%j', async (args, name, below, said) => {
    const { code, out, err, asked } = await flush(args, 3);
    expect([code, err]).toEqual([EXIT.OK, '']);
    expect(asked).toEqual([[name, below]]);
    expect(out).toMatch(said);
  });

  it('counts in words, down to nothing', async () => {
    expect((await flush(['example.com'], 1)).out).toBe('1 answer for example.com is forgotten.\n');
    expect((await flush(['example.com'], 0)).out).toBe('There was nothing in the cache for example.com.\n');
    expect((await flush(['--all'], 0)).out).toBe('There was nothing in the cache.\n');
    expect((await flush(['--all'], 12_345)).out).toBe('12,345 answers are forgotten.\n');
  });

  it('--json says it as one object', async () => {
    const { out } = await flush(['example.com', '--below', '--json'], 7);
    expect(JSON.parse(out)).toEqual({ name: 'example.com.', below: true, flushed: 7 });
    expect(JSON.parse((await flush(['--all', '--json'], 7)).out)).toEqual({
      name: null,
      below: false,
      flushed: 7,
    });
  });

  it('exits with 69 when no server runs, and with 78 for a bad configuration', async () => {
    const { configFile } = newPlace();
    const { code, err } = await run(cache, ['flush', '--all', '--config', configFile]);
    expect([code, err]).toEqual([EXIT.UNAVAILABLE, expect.stringContaining('no server answers')]);
    const missing = await run(cache, ['flush', '--all', '--config', `${configFile}.not`]);
    expect(missing.code).toBe(EXIT.CONFIG);
  });

  it.each([
    [[], 'what can be done with the cache is `flush`'],
    [['empty'], 'what can be done with the cache is `flush`'],
    [['flush'], 'the name is missing; --all means every name'],
    [['flush', 'example.com', '--all'], '--all takes no name'],
    [['flush', '--all', '--below'], '--all takes no --below'],
    [['flush', 'a..b'], '"a..b" has an empty label'],
    [
      ['flush', 'münchen.example'],
      '"münchen.example" holds the non-ASCII character "ü"; write its IDNA form, "xn--mnchen-3ya.example"',
    ],
    [['flush', 'a', 'b'], '"b" is one word too many'],
  ])('%j is a wrong command line', async (args, message) => {
    await expect(run(cache, args)).rejects.toThrow(new UsageError(message));
  });
});
