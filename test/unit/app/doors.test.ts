// The doors over real sockets on loopback: `ready` is said once, when queries are taken somewhere, and not before.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Doors } from '../../../src/app/doors.ts';
import type { Config, Limits } from '../../../src/config/config.ts';
import { LIMITS } from '../../../src/config/limits.ts';
import { DROP } from '../../../src/dns/answer.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const RETRY_MS = 1000;
const limits = Object.fromEntries(
  Object.entries(LIMITS).map(([name, row]) => [name, row.default]),
) as unknown as Limits;

let clock: SimulatedClock;
let log: RecordedLog;
let doors: Doors;
beforeEach(() => {
  clock = new SimulatedClock();
  log = new RecordedLog();
  doors = new Doors({
    resolver: { resolve: () => DROP },
    clock,
    log,
    limits,
    limitLog: new LimitLog(log, clock),
  });
});
afterEach(async () => {
  await doors.stop(0);
  expect(clock.pendingTimers).toBe(0);
});

const listen = (port: number, address = '127.0.0.1'): Config['listen'] => ({
  ...{ dot: [], doh: [], admin: [] },
  dns: [{ address, port, family: address.includes(':') ? 6 : 4 }],
});
/** All doors of the app, as those of Doors are asked for when the line is written. */
const bound = () => ({ ...doors.addresses, admin: ['127.0.0.1:8080'] });
const said = (message: string) => log.lines.filter(({ line }) => line === message);

/** Somebody else's sockets on one port, over UDP and TCP. */
async function occupied() {
  const tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as { port: number };
  const udp = createSocket('udp4').bind(port, '127.0.0.1');
  await once(udp, 'listening');
  const free = async () => {
    await Promise.all([once(tcp, 'close'), once(udp, 'close'), tcp.close(), udp.close()]);
  };
  return { port, free };
}

it('are ready at once where something is bound', async () => {
  await doors.openPlain(listen(0));
  doors.announce(bound);
  expect(said('info ready')).toEqual([expect.objectContaining({ fields: bound() })]);
  clock.advance(10 * RETRY_MS);
  expect(said('info ready')).toHaveLength(1);
});

it('wait for their addresses where nothing is, and are ready when the first is there', async () => {
  const { port, free } = await occupied();
  await doors.openPlain(listen(port));
  doors.announce(bound);
  const address = `127.0.0.1:${port}`;
  expect(said('warn waiting for addresses')).toMatchObject([{ fields: { addresses: [address] } }]);
  clock.advance(10 * RETRY_MS);
  expect(said('info ready')).toEqual([]);
  await free();
  await eventually(() => {
    clock.advance(RETRY_MS);
    return said('info ready').length > 0;
  });
  clock.advance(10 * RETRY_MS);
  expect(said('info ready')).toHaveLength(1);
  expect(said('warn waiting for addresses')).toHaveLength(1);
});

it('say neither where no waiting will help', async () => {
  await doors.openPlain(listen(5300, 'fe80::1')); // without its scope
  doors.announce(bound);
  expect(doors.areHopeless).toBe(true);
  expect([said('info ready'), said('warn waiting for addresses')]).toEqual([[], []]);
});
