// The end of the chain, over a pool that only notes what it was given.

import { describe, expect, it } from 'vitest';
import { ClockNotReady, UpstreamFailure } from '../../../src/dns/failures.ts';
import { forward } from '../../../src/resolver/forward.ts';
import { aRecord, ask, contextAt, replyTo, see } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

function forwarding(reply: (query: Uint8Array) => Uint8Array | Error) {
  const clock = new SimulatedClock();
  const asked: { query: Uint8Array; deadlineMs: number }[] = [];
  const exchange = async (query: Uint8Array, deadlineMs: number) => {
    asked.push({ query, deadlineMs });
    const did = reply(query);
    if (did instanceof Error) throw did;
    return did;
  };
  const end = forward({ upstreams: () => ({ exchange }), clock });
  return { clock, asked, resolve: async () => end.resolve(ask('WWW.example'), contextAt(100)) };
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
