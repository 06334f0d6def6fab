// Zones forwarded to a resolver of the house, a real dnsmasq, beside a real unbound as the upstream for the world: each
// hears its own names and none of the other's, whatever the clock says and whoever is dead.
// And rebinding protection, against a name of the world that leads into the house.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { type ConfigTree, type Noonmark, startNoonmark, TRANSPORTS } from '../support/noonmark.ts';
import { dig } from '../support/peers/dig.ts';
import {
  type Dnsmasq,
  LAN_ADDRESS,
  LAN_BIG_NAME,
  LAN_BIG_STRINGS,
  LAN_NAME,
  LAN_ZONE,
  startDnsmasq,
} from '../support/peers/dnsmasq.ts';
import { havePeers } from '../support/peers/packages.ts';
import { HERE_NAME, sawEventually, startUnbound, WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import { makePki, type TrustedUnbound, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';
import { wrongClock } from '../support/wrong-clock.ts';

const LAN_REVERSE = '20.77.168.192.in-addr.arpa';
const forwardTo = (port: number): ConfigTree => ({
  forward: {
    [LAN_ZONE]: [`127.0.0.1:${port}`],
    lan: [`127.0.0.1:${port}`],
    '192.168.77.0/24': [`127.0.0.1:${port}`],
  },
});
/** Everything below the forwarded zones, and nothing of the world. */
const isOfHouse = (query: string) => /(^|\.)(lab\.example|lan|77\.168\.192\.in-addr\.arpa) \S+$/.test(query);
const HOME_IN_WORLD = ['rebind.example.net', 'plex.rebind.example.net'];
/** RFC 8914. */
const EDE = { BLOCKED: 15, NOT_READY: 14, NO_REACHABLE_AUTHORITY: 22, NETWORK_ERROR: 23 } as const;

async function startUpstream(): Promise<TrustedUnbound> {
  const pki = makePki();
  const records = HOME_IN_WORLD.map((name) => `${name}. 60 A 192.168.1.20`);
  const unbound = await startUnbound({ ...upstreamCertificate(pki), records });
  return { pki, unbound, upstreams: [upstreamEntry(unbound.port, pki.rootFile)] };
}

describe.skipIf(!havePeers('unbound', 'dnsmasq', 'dig'))('Zones forwarded to the LAN', () => {
  let upstream: TrustedUnbound;
  let lan: Dnsmasq;
  let noonmark: Noonmark;

  beforeAll(async () => {
    [upstream, lan] = await Promise.all([startUpstream(), startDnsmasq()]);
    noonmark = await startNoonmark({ config: { upstreams: upstream.upstreams, ...forwardTo(lan.port) } });
  });

  afterAll(async () => {
    await noonmark?.stop();
    await lan?.stop();
    await upstream?.unbound.stop();
  });

  test('are answered by its resolver on every transport', async () => {
    for (const transport of TRANSPORTS) {
      expect(await noonmark.ask(LAN_NAME, 'A', { transport }), transport).toMatchObject({
        rcode: 'NOERROR',
        answers: [`A ${LAN_ADDRESS}`],
      });
    }
  });

  test('may be names that otherwise never leave: lan, and the reverse zone of a private network', async () => {
    expect((await noonmark.ask('printer.lan')).answers).toEqual(['A 192.168.77.30']);
    expect((await noonmark.ask(LAN_REVERSE, 'PTR')).answers).toEqual([`PTR ${LAN_NAME}`]);
    const back = await dig(noonmark.ports.dns, '-x', LAN_ADDRESS);
    expect(back.answer[0], back.text).toMatch(/PTR nas\.lab\.example\.$/);
  });

  test('hold an answer that no datagram holds: it is fetched over TCP', async () => {
    const { answers } = await noonmark.ask(LAN_BIG_NAME, 'TXT', { transport: 'TCP' });
    expect(answers.join(' ').match(/x\d+/g)).toHaveLength(LAN_BIG_STRINGS);
  });

  test('say what is not there as their resolver does', async () => {
    expect((await noonmark.ask(`nobody.${LAN_ZONE}`)).rcode).toBe('NXDOMAIN');
  });

  test('are heard of by their resolver alone, and it hears of nothing else', async () => {
    for (const name of ['a', 'b', 'c']) {
      await noonmark.ask(`${name}.${LAN_ZONE}`);
      await noonmark.ask(`${name}.${WILD_ZONE}`);
    }
    expect((await noonmark.ask(`last.${WILD_ZONE}`)).answers).toEqual([`A ${WILD_ADDRESS}`]);
    await sawEventually(upstream.unbound, `last.${WILD_ZONE}`);
    expect(upstream.unbound.queries().filter(isOfHouse)).toEqual([]);
    expect(lan.queries().length).toBeGreaterThan(0);
    expect(lan.queries().filter((query) => !isOfHouse(query))).toEqual([]);
  });

  test("ask the world for a validator's proof at their cut, and for nothing below it", async () => {
    await noonmark.ask(LAN_ZONE, 'DS', { dnssecOk: true });
    await noonmark.ask(LAN_NAME, 'DS', { dnssecOk: true });
    await sawEventually(upstream.unbound, `${LAN_ZONE} DS`);
    expect(upstream.unbound.queries().filter(isOfHouse)).toEqual([`${LAN_ZONE} DS`]);
    expect(lan.queries()).toContain(`${LAN_NAME} DS`);
  });

  test('fail with words while their resolver is dead, stay in the house, and are back with it', async () => {
    const port = await freePort();
    await using house = await startNoonmark({
      config: { upstreams: upstream.upstreams, ...forwardTo(port) },
    });
    const dead = await house.ask(`dead.${LAN_ZONE}`);
    expect(dead.rcode).toBe('SERVFAIL');
    expect([EDE.NO_REACHABLE_AUTHORITY, EDE.NETWORK_ERROR]).toContain(dead.extendedErrors[0]?.code);
    expect(dead.extendedErrors[0]?.text).toContain(`forward.${LAN_ZONE}: 127.0.0.1:${port}`);
    expect((await house.ask(`alive.${WILD_ZONE}`)).answers).toEqual([`A ${WILD_ADDRESS}`]);
    await using late = await startDnsmasq({ port });
    const isBack = async () => (await house.ask(LAN_NAME)).answers[0];
    expect(await eventually(isBack, { what: 'the name of the LAN' })).toBe(`A ${LAN_ADDRESS}`);
    expect(upstream.unbound.saw(`dead.${LAN_ZONE}`)).toBe(false);
    expect(late.queries().filter((query) => !isOfHouse(query))).toEqual([]);
  });
});

describe.skipIf(!havePeers('unbound', 'dnsmasq', 'libfaketime'))('A machine that wakes in 1970', () => {
  test('answers forwarded names on every transport, though every time source is dead', async () => {
    await using lan = await startDnsmasq();
    const upstream = await startUpstream();
    await using _ = upstream.unbound;
    const deadSource = `ntp://127.0.0.1:${await freePort()}`;
    await using noonmark = await startNoonmark({
      env: wrongClock('@1970-01-01 00:00:05').env,
      config: {
        upstreams: upstream.upstreams,
        ...forwardTo(lan.port),
        time: { sources: [{ url: deadSource }, { url: `ntp://time.${LAN_ZONE}` }] },
      },
    });
    for (const transport of TRANSPORTS) {
      expect((await noonmark.ask(LAN_NAME, 'A', { transport })).answers).toEqual([`A ${LAN_ADDRESS}`]);
    }
    expect((await noonmark.ask(LAN_REVERSE, 'PTR')).answers).toEqual([`PTR ${LAN_NAME}`]);
    const world = await noonmark.ask(`world.${WILD_ZONE}`);
    expect(world.rcode).toBe('SERVFAIL');
    expect(world.extendedErrors.map(({ code }) => code)).toContain(EDE.NOT_READY);
    // A time source of the house is looked up in the house, not over relaxed connections to the world.
    await eventually(() => lan.queries().includes(`time.${LAN_ZONE} A`), {
      what: 'the look-up of the time source',
    });
    expect(upstream.unbound.queries().filter(isOfHouse)).toEqual([]);
    expect(lan.queries().filter((query) => !isOfHouse(query))).toEqual([]);
  });
});

describe.skipIf(!havePeers('unbound', 'dnsmasq'))('Protection against rebinding', () => {
  let upstream: TrustedUnbound;
  let lan: Dnsmasq;

  beforeAll(async () => {
    [upstream, lan] = await Promise.all([startUpstream(), startDnsmasq()]);
  });

  afterAll(async () => {
    await lan?.stop();
    await upstream?.unbound.stop();
  });

  test('is off unless the owner switches it on', async () => {
    await using noonmark = await startNoonmark({ config: { upstreams: upstream.upstreams } });
    expect((await noonmark.ask(HOME_IN_WORLD[0]!)).answers).toEqual(['A 192.168.1.20']);
  });

  test('takes private addresses out of names of the world, and out of no others', async () => {
    await using noonmark = await startNoonmark({
      config: {
        upstreams: upstream.upstreams,
        ...forwardTo(lan.port),
        rebinding: { protect: 'on', allow: [HOME_IN_WORLD[1]] },
      },
    });
    for (const transport of TRANSPORTS) {
      for (const name of [HOME_IN_WORLD[0]!, HERE_NAME]) {
        const { rcode, answers, extendedErrors } = await noonmark.ask(name, 'A', { transport });
        expect({ rcode, answers }, `${name} over ${transport}`).toEqual({ rcode: 'NOERROR', answers: [] });
        expect(extendedErrors).toEqual([
          {
            code: EDE.BLOCKED,
            text: 'rebinding.protect: private address removed; allow the name under rebinding.allow',
          },
        ]);
      }
      const untouched = [HOME_IN_WORLD[1]!, LAN_NAME, 'nas.home.arpa', 'dns.house.example', `w.${WILD_ZONE}`];
      for (const name of untouched) {
        const { answers, extendedErrors } = await noonmark.ask(name, 'A', { transport });
        expect(answers, `${name} over ${transport}`).toHaveLength(1);
        expect(extendedErrors).toEqual([]);
      }
    }
  });
});
