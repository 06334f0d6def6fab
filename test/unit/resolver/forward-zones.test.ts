// Which forwarded zone a question belongs to, and what is known of the servers, over scripted servers on loopback.

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ForwardConfig, SocketAddress } from '../../../src/config/config.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { ForwardZones } from '../../../src/resolver/forward-zones.ts';
import { buildUpstreamQuery } from '../../../src/upstream/upstream-query.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-ports.ts';
import { exchangeOver } from '../../support/late.ts';
import { ask, see } from '../../support/messages.ts';
import { type PlainServer, startPlainServer } from '../../support/plain-server.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const NOWHERE: SocketAddress = { address: '127.0.0.1', port: 9, family: 4 };
const PROBE_EVERY_MS = 1000;

const opened: (ForwardZones | PlainServer)[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) {
    if (one instanceof ForwardZones) one.close();
    else await one[Symbol.asyncDispose]();
  }
});

function zonesOf(servers: Readonly<Record<string, SocketAddress[]>>) {
  const clock = new SimulatedClock();
  const onRecovery = vi.fn();
  const zones: ForwardConfig[] = Object.entries(servers).map(([name, list]) => ({
    name: nameKey(name),
    servers: list,
  }));
  const forwards = new ForwardZones({ zones, clock, onRecovery });
  opened.push(forwards);
  return { clock, onRecovery, forwards };
}

async function serverOnLoopback() {
  const server = await startPlainServer();
  opened.push(server);
  return server;
}

describe('the zone of a name', () => {
  const { forwards } = zonesOf({
    'lab.example': [NOWHERE],
    'inner.lab.example': [NOWHERE],
    '168.192.in-addr.arpa': [NOWHERE],
  });

  it.each([
    ['lab.example', 'lab.example'],
    ['LAB.Example', 'lab.example'],
    ['deep.down.lab.example', 'lab.example'],
    ['inner.lab.example', 'inner.lab.example'],
    ['nas.inner.lab.example', 'inner.lab.example'],
    ['20.1.168.192.in-addr.arpa', '168.192.in-addr.arpa'],
    ['example', undefined],
    ['notlab.example', undefined],
    ['lab.example.com', undefined],
    ['192.in-addr.arpa', undefined],
    ['.', undefined],
    ['__proto__', undefined],
  ])('%s is %s', (name, zone) => {
    expect(forwards.zoneOf(nameKey(name))?.name).toBe(zone);
    expect(forwards.holds(nameKey(name))).toBe(zone !== undefined);
  });

  it.each([
    ['lab.example', 'DS', true, undefined],
    ['lab.example', 'DS', false, 'lab.example'],
    ['nas.lab.example', 'DS', true, 'lab.example'],
    ['inner.lab.example', 'DS', true, 'inner.lab.example'],
    ['168.192.in-addr.arpa', 'DS', true, undefined],
    ['1.168.192.in-addr.arpa', 'DS', true, '168.192.in-addr.arpa'],
    ['lab.example', 'SOA', true, 'lab.example'],
  ])("%s %s with DO %s is for %s: a cut's proof is the public parent's", (name, type, dnssecOk, zone) => {
    expect(forwards.zoneFor(ask(name, type, { edns: { dnssecOk } }))?.name).toBe(zone);
  });

  it('costs no timer where nothing is forwarded', () => {
    const none = zonesOf({});
    expect(none.clock.pendingTimers).toBe(0);
    expect(none.forwards.zoneFor(ask('lab.example'))).toBeNull();
    expect(none.forwards.report()).toEqual([]);
  });
});

describe('the servers of a zone', () => {
  const QUERY = buildUpstreamQuery(ask('nas.lab.example'));

  it('are asked for its names', async () => {
    const lan = await serverOnLoopback();
    const { forwards, clock } = zonesOf({ 'lab.example': [lan.server] });
    const { servers } = forwards.zoneOf(nameKey('nas.lab.example'))!;
    const reply = await exchangeOver(servers, QUERY, clock.monotonic() + 4500);
    expect(see(reply).answers).toEqual(['nas.lab.example 300 A 192.0.2.1']);
    expect(lan.questions()).toEqual(['nas.lab.example A']);
  });

  it('are shared by zones that have the same, and told of once', () => {
    const other = { ...NOWHERE, port: 10 };
    const { forwards, clock } = zonesOf({
      'lab.example': [NOWHERE],
      '1.168.192.in-addr.arpa': [NOWHERE],
      'fritz.box': [NOWHERE, other],
    });
    expect(forwards.report().map(({ zones, servers }) => [zones, servers.map(({ url }) => url)])).toEqual([
      [['lab.example', '1.168.192.in-addr.arpa'], ['127.0.0.1:9']],
      [['fritz.box'], ['127.0.0.1:9', '127.0.0.1:10']],
    ]);
    expect(clock.pendingTimers).toBe(0); // nobody is probed before anybody has failed
    forwards.close();
  });

  it('that are dead are probed with a question about the zone, in any state of the clock, until one is back', async () => {
    const port = await freePort();
    const dead: SocketAddress = { address: '127.0.0.1', port, family: 4 };
    const { forwards, clock, onRecovery } = zonesOf({ 'lab.example': [dead] });
    clock.setState('untrusted');
    const { servers } = forwards.zoneOf(nameKey('nas.lab.example'))!;
    await expect(exchangeOver(servers, QUERY, clock.monotonic() + 4500)).rejects.toThrow(/ECONNREFUSED/);
    expect(forwards.report()[0]!.servers[0]).toMatchObject({ isUsable: false });
    const lan = await startPlainServer({ port });
    opened.push(lan);
    clock.advance(PROBE_EVERY_MS);
    await eventually(() => onRecovery.mock.calls.length === 1, { what: 'the recovery' });
    expect(lan.questions()).toEqual(['lab.example SOA']);
    expect(forwards.report()[0]!.servers[0]).toMatchObject({ isUsable: true, problem: null });
  });
});
