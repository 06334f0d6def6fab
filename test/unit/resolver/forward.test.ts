// The end of the chain, over pools that only note what they were given: one for the world, one for a forwarded zone.

import { describe, expect, it } from 'vitest';
import { ClockNotReady, UpstreamFailure } from '../../../src/dns/failures.ts';
import { isAtOrBelow, nameKey } from '../../../src/dns/names.ts';
import type { Query } from '../../../src/dns/query.ts';
import { forward } from '../../../src/resolver/forward.ts';
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
    const exchange = async (query: Uint8Array, deadlineMs: number) => {
      asked.push({ query, deadlineMs });
      const did = reply(query);
      if (did instanceof Error) throw did;
      return did;
    };
    return { asked, exchange };
  };
  const [world, lan] = [pool(), pool()];
  const zone = { name: 'lab.example', servers: lan };
  const zoneFor = ({ nameKey: key }: Query) => (isAtOrBelow(key, LAB) ? zone : null);
  const end = forward({ upstreams: () => world, forwards: () => ({ zoneFor }), clock });
  const said: string[] = [];
  const trace = { say: (link: string, detail: string) => said.push(`${link}: ${detail}`) };
  const resolve = async (name = 'WWW.example', parts?: QueryParts) =>
    end.resolve(ask(name, 'A', parts), contextAt(100, { trace }));
  return { clock, asked: world.asked, askedLan: lan.asked, said, resolve };
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

  it('fails where the reply is malformed', async () => {
    const { resolve } = forwarding((query) => replyTo(query).subarray(0, -1));
    await expect(resolve()).rejects.toMatchObject({ code: 'upstream-unreachable' });
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
    const { clock, asked, resolve } = forwarding((query) => replyTo(query));
    clock.setState('untrusted', null, 'it is 1970');
    await expect(resolve()).rejects.toThrow(new ClockNotReady('it is 1970'));
    expect(asked).toEqual([]);
  });
});

describe('a name of a forwarded zone', () => {
  it('goes to its own servers and to nobody else, with the wishes of the client', async () => {
    const { asked, askedLan, said, resolve } = forwarding((query) => replyTo(query));
    await resolve('NAS.lab.example', { flags: FLAG.CD, edns: { dnssecOk: true } });
    expect(asked).toEqual([]);
    expect(askedLan.map(({ deadlineMs }) => deadlineMs)).toEqual([4600]);
    expect(see(askedLan[0]!.query)).toMatchObject({ question: 'nas.lab.example A', flags: 'RD AD CD' });
    expect(see(askedLan[0]!.query).opt!.dnssecOk).toBe(true);
    expect(said).toEqual(['forward: forwarded zone lab.example']);
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

  it('fails where its servers are dead, says which zone, and never goes into the world', async () => {
    const { asked, resolve } = forwarding(() => new UpstreamFailure('upstream-silent', 'no answer in time'));
    await expect(resolve('nas.lab.example')).rejects.toMatchObject({
      code: 'upstream-silent',
      errors: [{ code: 22, text: 'forward.lab.example: no answer in time' }],
    });
    expect(asked).toEqual([]);
  });
});
