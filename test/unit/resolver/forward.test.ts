// The end of the chain, over pools that only note what they were given: one for the world, one for a forwarded zone.

import { describe, expect, it } from 'vitest';
import { ClockNotReady, UpstreamFailure } from '../../../src/dns/failures.ts';
import { isAtOrBelow, nameKey } from '../../../src/dns/names.ts';
import type { Query } from '../../../src/dns/query.ts';
import { forward } from '../../../src/resolver/forward.ts';
import type { TraceFacts } from '../../../src/resolver/resolver.ts';
import { poolOf } from '../../support/late.ts';
import {
  aRecord,
  ask,
  contextAt,
  FLAG,
  type QueryParts,
  render,
  replyTo,
  see,
} from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const LAB = nameKey('lab.example');

function forwarding(reply: (query: Uint8Array) => Uint8Array | Error) {
  const clock = new SimulatedClock();
  const pool = () => {
    const asked: { query: Uint8Array; deadlineMs: number }[] = [];
    const { ask } = poolOf(async (query, deadlineMs, onEnd) => {
      asked.push({ query, deadlineMs });
      const did = reply(query);
      const tried = ['tls://one.example', 'tls://two.example'];
      onEnd?.({ tried, by: did instanceof Error ? null : tried[1]! });
      if (did instanceof Error) throw did;
      return did;
    });
    return { asked, ask };
  };
  const [world, lan] = [pool(), pool()];
  const zone = { name: 'lab.example', servers: lan };
  const zoneFor = ({ nameKey: key }: Query) => (isAtOrBelow(key, LAB) ? zone : null);
  const end = forward({ upstreams: () => world, forwards: () => ({ zoneFor }), clock });
  const said: string[] = [];
  const facts: (TraceFacts | undefined)[] = [];
  const say = (link: string, detail: string, about?: TraceFacts) => {
    said.push(`${link}: ${detail}`);
    facts.push(about);
  };
  const trace = { say };
  const resolve = async (name = 'WWW.example', parts?: QueryParts) =>
    end.resolve(ask(name, 'A', parts), contextAt(100, { trace }));
  return { clock, asked: world.asked, askedLan: lan.asked, said, facts, resolve };
}

describe('a question for the world', () => {
  it("goes out as our own query with the client's deadline, and its reply is the answer", async () => {
    const { asked, resolve } = forwarding((query) => replyTo(query, { answers: [aRecord('www.example')] }));
    expect(await resolve()).toMatchObject({ rcode: 0, answers: 1, lifetimeSeconds: 300 });
    expect(asked.map(({ deadlineMs }) => deadlineMs)).toEqual([4600]);
    expect(see(asked[0]!.query)).toMatchObject({ id: 0, question: 'www.example A', flags: 'RD AD' });
  });

  it('fails as the pool fails', async () => {
    const error = new UpstreamFailure('upstream-untrusted', 'wrong name');
    await expect(forwarding(() => error).resolve()).rejects.toBe(error);
  });

  it.each(['synchronized', 'holdover', 'provisional'] as const)(
    'goes out while the clock is %s',
    async (state) => {
      const { clock, asked, resolve } = forwarding((query) => replyTo(query));
      clock.setState(state);
      await resolve();
      expect(asked).toHaveLength(1);
    },
  );

  it('does not go out while the clock is untrusted, and the reason is told', async () => {
    const { clock, asked, said, resolve } = forwarding((query) => replyTo(query));
    clock.setState('untrusted', null, 'it is 1970');
    await expect(resolve()).rejects.toThrow(new ClockNotReady('it is 1970'));
    expect(asked).toEqual([]);
    expect(said).toEqual(['forward: nobody is asked while the clock is untrusted']);
  });

  it('is explained by the upstream whose reply was taken, or by all that were tried in vain', async () => {
    const { said, facts, resolve } = forwarding((query) => replyTo(query));
    await resolve();
    expect(said).toEqual(['forward: tls://two.example']);
    expect(facts).toEqual([{ upstream: 'tls://two.example' }]);
    const failing = forwarding(() => new UpstreamFailure('upstream-silent', 'no answer in time'));
    await expect(failing.resolve()).rejects.toThrow();
    expect(failing.said).toEqual(['forward: no answer from tls://one.example, tls://two.example']);
  });
});

describe('a name of a forwarded zone', () => {
  it('goes to its own servers and to nobody else, with the wishes of the client', async () => {
    const { asked, askedLan, said, facts, resolve } = forwarding((query) => replyTo(query));
    await resolve('NAS.lab.example', { flags: FLAG.CD, edns: { dnssecOk: true } });
    expect(asked).toEqual([]);
    expect(askedLan.map(({ deadlineMs }) => deadlineMs)).toEqual([4600]);
    expect(see(askedLan[0]!.query)).toMatchObject({ question: 'nas.lab.example A', flags: 'RD AD CD' });
    expect(see(askedLan[0]!.query).opt!.dnssecOk).toBe(true);
    expect(said).toEqual(['forward: forwarded zone lab.example', 'forward: tls://two.example']);
    expect(facts.at(-1)).toEqual({ zone: 'lab.example.', upstream: 'tls://two.example' });
  });

  it('goes there while the clock is untrusted too', async () => {
    const { clock, askedLan, resolve } = forwarding((query) => replyTo(query));
    clock.setState('untrusted');
    expect(await resolve('nas.lab.example')).toMatchObject({ rcode: 0 });
    expect(askedLan).toHaveLength(1);
  });

  it('is not said to be validated, for anybody may have written that', async () => {
    const flags = FLAG.RD | FLAG.RA | FLAG.AA | FLAG.AD;
    const { resolve } = forwarding((query) =>
      replyTo(query, { flags, answers: [aRecord('nas.lab.example')] }),
    );
    const query = ask('nas.lab.example', 'A', { flags: FLAG.RD | FLAG.AD });
    expect(see(render(await resolve('nas.lab.example'), query)).flags).toBe('QR RD RA');
    expect(see(render(await resolve('www.example'), query)).flags).toBe('QR RD RA AD');
  });

  it('brings no "Not Ready" of its servers, which here would mean the clock', async () => {
    const said = (code: number, text: string) => ({ code, text });
    const options = [said(14, ''), said(14, 'warming up'), said(15, 'blocked')].map(({ code, text }) => ({
      code: 15,
      data: Buffer.from([0, code, ...Buffer.from(text)]),
    }));
    const { resolve } = forwarding((query) => replyTo(query, { rcode: 5, edns: { options } }));
    expect(await resolve('nas.lab.example')).toMatchObject({
      rcode: 5,
      errors: [
        said(0, 'forward.lab.example: its server is not ready'),
        said(0, 'forward.lab.example: its server is not ready: warming up'),
        said(15, 'blocked'),
      ],
    });
    expect((await resolve('www.example')).errors.map(({ code }) => code)).toEqual([14, 14, 15]);
  });

  it('fails where its servers are dead, says which zone, and never goes into the world', async () => {
    const { asked, resolve } = forwarding(() => new UpstreamFailure('upstream-silent', 'no answer in time'));
    await expect(resolve('nas.lab.example')).rejects.toMatchObject({
      code: 'upstream-silent',
      errors: [{ code: 22, text: 'forward.lab.example: no answer in time' }],
    });
    expect(asked).toEqual([]);
  });
});
