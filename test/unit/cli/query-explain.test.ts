// `noonmark query --explain`: what the running server is asked, and what a person reads of its answer.

import { describe, expect, it, vi } from 'vitest';
import { EXIT, UsageError } from '../../../src/cli/command.ts';
import { query } from '../../../src/cli/query.ts';
import { explainedLines } from '../../../src/cli/query-explain.ts';
import { TYPE } from '../../../src/dns/codes.ts';
import { parseName } from '../../../src/dns/names.ts';
import type { Explained, ExplainQuestion } from '../../../src/resolver/explained.ts';
import { explained as explainedAs } from '../../support/explained.ts';
import { newPlace, run, serveSubject } from './control-runs.ts';

const blocked: Explained = explainedAs({
  name: 'ads.example.',
  type: 'A',
  client: '192.168.1.30',
  answeredBy: 'filter',
  steps: [{ link: 'filter', detail: 'blocked by the list "ads", rule ||ads.example^' }],
  rcode: 'NXDOMAIN',
  answer: [],
  errors: [{ code: 15, text: 'ads' }],
});

async function ask(args: readonly string[], explained: Explained = blocked) {
  const place = newPlace();
  const explainName = vi.fn(async (_: ExplainQuestion) => explained);
  await serveSubject(place, { explainName });
  const ran = await run(query, ['--explain', ...args, '--config', place.configFile]);
  return { ...ran, asked: explainName.mock.calls.map(([question]) => question) };
}

describe('the server is asked', () => {
  it.each([
    [['ads.example'], { name: parseName('ads.example'), type: TYPE.A, client: '127.0.0.1' }],
    [
      ['Ads.example', 'TYPE65', '--client', 'fd00::7'],
      { name: parseName('Ads.example'), type: TYPE.HTTPS, client: 'fd00::7' },
    ],
    [['192.168.1.20'], { name: parseName('20.1.168.192.in-addr.arpa'), type: TYPE.PTR, client: '127.0.0.1' }],
  ])('%j', async (args, question) => {
    const { code, asked } = await ask(args);
    expect([code, asked]).toEqual([EXIT.OK, [question]]);
  });

  it('and says so when nobody does', async () => {
    const { code, err } = await run(query, ['--explain', 'a.example', '--config', newPlace().configFile]);
    expect([code, err]).toEqual([EXIT.UNAVAILABLE, expect.stringContaining('no server answers')]);
  });

  it('and a failure is exit code 1', async () => {
    expect((await ask(['a.example'], { ...blocked, rcode: 'SERVFAIL' })).code).toBe(EXIT.FAILED);
  });
});

describe('what is printed', () => {
  it('is who answered, what each link said, and the answer', async () => {
    expect((await ask(['ads.example'])).out).toBe(`\
ads.example. A for 192.168.1.30: NXDOMAIN, answered by the filter

  filter  blocked by the list "ads", rule ||ads.example^

answer  no records
EDE 15  Blocked: ads
`);
  });

  it('has every step and every record', () => {
    const explained: Explained = {
      ...blocked,
      answeredBy: 'forward',
      rcode: 'NOERROR',
      steps: [
        { link: 'cache', detail: 'not in the cache' },
        { link: 'forward', detail: 'tls://9.9.9.9' },
      ],
      answer: ['a.example. 60 A 192.0.2.1', 'a.example. 60 A 192.0.2.2'],
      errors: [],
    };
    expect(explainedLines(explained)).toEqual([
      'ads.example. A for 192.168.1.30: NOERROR, left to the upstreams',
      '',
      '  cache    not in the cache',
      '  forward  tls://9.9.9.9',
      '',
      'answer  a.example. 60 A 192.0.2.1',
      '        a.example. 60 A 192.0.2.2',
    ]);
  });

  it('admits that no link spoke', () => {
    expect(explainedLines({ ...blocked, answeredBy: null, steps: [] })[0]).toContain(
      'no link of the chain said',
    );
  });

  it('moves no cursor', async () => {
    const evil = { ...blocked, steps: [{ link: 'filter', detail: '\u001b[2J' } as const] };
    expect((await ask(['ads.example'], evil)).out).not.toContain('\u001b');
  });

  it("is the server's own JSON with --json", async () => {
    expect(JSON.parse((await ask(['ads.example', '--json'])).out)).toEqual(blocked);
  });
});

describe('a wrong command line', () => {
  it.each([
    [['a.example', '--client', 'phone'], '--client takes an address, and "phone" is none'],
    [['a.example', '--server', '192.0.2.1'], /^--server has no meaning with --explain/],
    [['a.example', '--short'], /^--short has no meaning with --explain/],
    [['a..example'], /empty label/],
    [[], 'the name to ask for is missing'],
  ])('%j', async (args, message) => {
    const ran = run(query, ['--explain', ...args]);
    await expect(ran).rejects.toThrow(UsageError);
    await expect(ran).rejects.toThrow(message);
  });

  it('has --client without --explain', async () => {
    await expect(run(query, ['a.example', '--client', '127.0.0.1'])).rejects.toThrow(
      '--client needs --explain',
    );
  });
});
