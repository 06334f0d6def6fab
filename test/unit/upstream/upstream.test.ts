// One exchange by a promise.

import { expect, it } from 'vitest';
import { layoutOf } from '../../../src/dns/wire.ts';
import { exchangeWith, type Upstream } from '../../../src/upstream/upstream.ts';
import { ask, replyTo } from '../../support/messages.ts';

it('gives a reply to keep, whatever becomes of the octets that were lent', async () => {
  const { bytes } = ask('www.example');
  const lent = Buffer.from(replyTo(bytes));
  const upstream: Pick<Upstream, 'take'> = {
    take(exchange) {
      exchange.resolve(lent, layoutOf(lent)!);
      lent.fill(0);
    },
  };
  const reply = await exchangeWith(upstream, bytes, 1000, { sendsLeft: 1, reserved: 0 });
  expect(reply).toEqual(Buffer.from(replyTo(bytes)));
});
