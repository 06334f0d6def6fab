// What the provider asks, of whom, and for how long it waits; against servers of the test's own that say what they like.
// That a real one does what it is asked is test/e2e/rfc2136.test.ts.

import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChallengeProblem } from '../../../../src/acme/challenge.ts';
import { type Rfc2136Parts, Rfc2136Provider } from '../../../../src/acme/dns/rfc2136-provider.ts';
import type { TlsTarget } from '../../../../src/tls/connect.ts';
import { anyOctets, SEED } from '../../../support/arbitrary-messages.ts';
import { makeQuery } from '../../../support/dns-message.ts';
import { eventually } from '../../../support/eventually.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const RECORD = { name: '_acme-challenge.dns.home.example', value: 'value' };
const QUESTION_ZONE = 'home.example';
const REFUSED = 5;
const going = new AbortController().signal;

const keyFile = join(temporaryDirectory('rfc2136'), 'any.key');
writeFileSync(keyFile, 'key any { algorithm hmac-sha256; secret MDEyMzQ1Njc=; };', { mode: 0o600 });

let clock: SimulatedClock;
const closers: (() => void)[] = [];
beforeEach(() => {
  clock = new SimulatedClock();
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Octets to send for each message that came, unframed; null: nothing; 'hang up': that. */
type Say = (request: Buffer) => Buffer | null | 'hang up';

interface Stub {
  readonly port: number;
  /** Every message that came. */
  readonly requests: Buffer[];
  connections: number;
  /** Connections that are still open. */
  readonly open: ReadonlySet<Socket>;
}

async function startStub(say: Say): Promise<Stub> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    stub.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      stub.requests.push(chunk.subarray(2));
      const said = say(chunk.subarray(2));
      if (said === 'hang up') socket.end();
      else if (said !== null) socket.write(framed(said));
    });
  });
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub: Stub = {
    port: (server.address() as AddressInfo).port,
    requests: [],
    connections: 0,
    open: sockets,
  };
  return stub;
}

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(2 + message.length);
  frame.writeUInt16BE(message.length);
  message.copy(frame, 2);
  return frame;
}

/** The request as its own response. */
function echoed(request: Buffer, rcode = 0, more = 0): Buffer {
  const response = Buffer.from(request);
  response.writeUInt16BE(0x8000 | (request.readUInt16BE(2) & 0x7800) | more | rcode, 2);
  return response;
}

function providerAt(
  port: number,
  more: Partial<Rfc2136Parts['config']> = {},
  parts: Partial<Rfc2136Parts> = {},
) {
  return new Rfc2136Provider({
    config: {
      ...{ kind: 'rfc2136', protocol: 'tcp', host: '127.0.0.1', port },
      ...{ caFile: null, keyFile: null, zone: QUESTION_ZONE },
      ...more,
    },
    tls: { connect: () => Promise.reject(new Error('no TLS here')) },
    lookup: async () => [],
    clock,
    ...parts,
  });
}

async function problemOf(wanted: Promise<void>): Promise<string> {
  const error = await wanted.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ChallengeProblem);
  return (error as Error).message;
}

/** What was asked: "QUERY home.example SOA". */
function askedOf({ requests }: Pick<Stub, 'requests'>): string[] {
  return requests.map((request) => {
    const { opcode, questions } = dnsPacket.decode(request) as unknown as {
      opcode: string;
      questions: { name: string; type: string }[];
    };
    return `${opcode} ${questions[0]!.name} ${questions[0]!.type}`;
  });
}

describe('the name for people', () => {
  it.each([
    ['192.168.1.1', 'the DNS server 192.168.1.1:53'],
    ['fd00::1', 'the DNS server [fd00::1]:53'],
    ['ns.example', 'the DNS server ns.example:53'],
  ])('of %s', (host, name) => {
    expect(providerAt(53, { host }).name).toBe(name);
  });
});

describe('a change', () => {
  it('is one message on one connection where the zone is known, without a signature where there is no key', async () => {
    const stub = await startStub((request) => echoed(request));
    await providerAt(stub.port).add(RECORD, going);
    expect(stub.connections).toBe(1);
    expect(askedOf(stub)).toEqual(['UPDATE home.example SOA']);
    expect(stub.requests[0]!.readUInt16BE(10)).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    await eventually(() => stub.open.size === 0);
  });

  it.each<[string, Partial<Rfc2136Parts['config']>, string]>([
    ['in plain to an address of the world', { host: '192.0.2.1' }, 'is not an address on a private network'],
    ['in plain to a name', { host: 'ns.home.example' }, 'is not an address on a private network'],
    ['in a zone that cannot be one', { zone: 'a..b' }, '"a..b" has an empty label'],
    ['with a key that is not there', { keyFile: '/nowhere/a.key' }, '/nowhere/a.key: there is no such file'],
  ])('is refused %s', async (_what, config, says) => {
    expect(await problemOf(providerAt(53, config).add(RECORD, going))).toContain(says);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is refused at a name that cannot be one', async () => {
    const problem = problemOf(providerAt(53).add({ name: 'a..b', value: '' }, going));
    expect(await problem).toBe('the TXT record at a..b cannot be put up: "a..b" has an empty label');
  });
});

describe('the zone of a name', () => {
  const soaAnswer = (request: Buffer, owner: string): Buffer => {
    const { id, questions } = dnsPacket.decode(request);
    const data = { mname: 'ns.example', rname: 'h.example', serial: 1 };
    const authorities = [{ name: owner, type: 'SOA' as const, ttl: 60, data }];
    const flags = dnsPacket.AUTHORITATIVE_ANSWER;
    return dnsPacket.encode({ type: 'response', id, flags, questions, authorities } as dnsPacket.Packet);
  };

  it('is asked for at each parent in turn until the server has authority', async () => {
    const stub = await startStub((request) => {
      const [asked] = askedOf({ requests: [request] });
      if (asked === 'QUERY home.example SOA') return soaAnswer(request, 'home.example');
      return echoed(request, asked!.startsWith('QUERY _acme') ? REFUSED : 0);
    });
    await providerAt(stub.port, { zone: null }).add(RECORD, going);
    expect(askedOf(stub)).toEqual([
      'QUERY _acme-challenge.dns.home.example SOA',
      'QUERY dns.home.example SOA',
      'QUERY home.example SOA',
      'UPDATE home.example SOA',
    ]);
    expect(stub.connections).toBe(4);
  });

  it.each([
    ['up to the last label', RECORD.name, 4],
    ['of eight names at most', `_acme-challenge.${'a.'.repeat(40)}example`, 8],
  ])('is not known after questions %s', async (_what, name, questions) => {
    const stub = await startStub((request) => echoed(request, REFUSED));
    const problem = await problemOf(providerAt(stub.port, { zone: null }).add({ ...RECORD, name }, going));
    expect(problem).toMatch(
      /has no zone that holds this name \(its last answer was REFUSED: .*\); name the zone in the configuration, or another server$/,
    );
    expect(stub.requests).toHaveLength(questions);
  });
});

describe('what comes back', () => {
  const signed = { keyFile };

  it.each<[string, Say, Partial<Rfc2136Parts['config']>, string]>([
    ['a hang-up', () => 'hang up', {}, ' hung up before its answer'],
    [
      'another ID',
      (request) => Buffer.concat([Buffer.of(1), echoed(request)]),
      {},
      ' sends something that is no answer',
    ],
    ['the question', (request) => request, {}, ' sends something that is no answer to what was asked'],
    ['nothing in a frame', () => Buffer.alloc(0), {}, ' sends something that is no answer'],
    ['another opcode', () => makeQuery('a.example'), {}, ' sends something that is no answer'],
    [
      'a refusal',
      (request) => echoed(request, REFUSED),
      {},
      ' answers for the zone home.example with REFUSED: it does not allow this change; allow it there',
    ],
    [
      'success without a signature, where we have signed',
      (request) => Buffer.concat([echoed(request).subarray(0, 4), Buffer.alloc(8)]),
      signed,
      ' does not sign its answer, so it is not believed; give it the key, or take the key out here',
    ],
    [
      'failure without a signature, where we have signed',
      (request) => Buffer.concat([echoed(request, 4).subarray(0, 4), Buffer.alloc(8)]),
      signed,
      ' does not sign its answer (NOTIMP: it does not take DNS UPDATE (RFC 2136); use another server or another provider), so',
    ],
    ['our own signature', (request) => echoed(request), signed, ' signs its answer wrongly'],
  ])('%s is a problem', async (_what, say, config, says) => {
    const stub = await startStub(say);
    const problem = await problemOf(providerAt(stub.port, config).add(RECORD, going));
    expect(problem).toContain(`the DNS server 127.0.0.1:${stub.port}${says}`);
    expect(clock.pendingTimers).toBe(0);
  });

  it('whatever its octets are, is taken or is a problem', async () => {
    let said: Buffer = Buffer.alloc(0);
    const stub = await startStub((request) => {
      const reply = Buffer.from(said);
      request.copy(reply, 0, 0, 2); // the right ID, or nothing behind it would be looked at
      if (reply.length > 2) reply[2]! |= 0x80;
      return reply;
    });
    const ends = { taken: 0, problem: 0 };
    await fc.assert(
      fc.asyncProperty(anyOctets, fc.constantFrom(null, keyFile), async (octets, key) => {
        said = Buffer.from(octets);
        const provider = providerAt(stub.port, { zone: null, keyFile: key });
        await provider.remove(RECORD, going).then(
          () => (ends.taken += 1),
          (error) => {
            expect(error).toBeInstanceOf(ChallengeProblem);
            ends.problem += 1;
          },
        );
      }),
      { seed: SEED, numRuns: 300 },
    );
    expect(ends.problem).toBeGreaterThan(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('waiting', () => {
  it('for an answer ends after ten seconds', async () => {
    const stub = await startStub(() => null);
    const problem = problemOf(providerAt(stub.port).add(RECORD, going));
    await eventually(() => stub.requests.length === 1);
    clock.advance(9_999);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    expect(await problem).toContain(`the DNS server 127.0.0.1:${stub.port} does not answer within 10 s`);
    expect(clock.pendingTimers).toBe(0);
  });

  it('for a plain connection ends after five', async () => {
    const stub = await startStub(() => null);
    const problem = problemOf(providerAt(stub.port).add(RECORD, going));
    while (clock.pendingTimers < 2) await null; // no turn of the event loop, so no connection yet
    clock.advance(5_000);
    expect(await problem).toContain('cannot be connected to within 5 s');
    expect(clock.pendingTimers).toBe(0);
    expect(stub.requests).toEqual([]);
  });

  it('for a neighbour on a link that is not here ends as well', async () => {
    let isOver = false;
    const config = { host: 'fe80::1%no-such.1' };
    const problem = problemOf(providerAt(53, config).add(RECORD, going)).finally(() => {
      isOver = true;
    });
    await eventually(() => {
      clock.advance(1_000);
      return isOver;
    });
    expect(await problem).toContain('the DNS server [fe80::1%no-such.1]:53 cannot be connected to');
  });

  it('for an address of its name ends after ten', async () => {
    const lookup = () => new Promise<never>(() => {});
    const config = { protocol: 'tls', host: 'ns.example' } as const;
    const problem = problemOf(providerAt(853, config, { lookup }).add(RECORD, going));
    await eventually(() => clock.pendingTimers === 1);
    clock.advance(10_000);
    expect(await problem).toContain('the DNS server ns.example:853 does not answer within 10 s');
  });

  it.each(['before it began', 'for the answer'])('%s ends when nobody wants it any more', async (when) => {
    const stub = await startStub(() => null);
    const ending = new AbortController();
    const reason = new Error('we are closing');
    if (when === 'before it began') ending.abort(reason);
    const change = providerAt(stub.port).add(RECORD, ending.signal);
    if (when === 'for the answer') {
      await eventually(() => stub.requests.length === 1);
      ending.abort(reason);
    }
    await expect(change).rejects.toBe(reason);
    expect(clock.pendingTimers).toBe(0);
    await eventually(() => stub.open.size === 0);
  });

  it('ends just as well when that is so at the moment at which a wait begins', async () => {
    const ending = new AbortController();
    const lookup = () => {
      ending.abort(new Error('we are closing'));
      return new Promise<never>(() => {});
    };
    const config = { protocol: 'tls', host: 'ns.example' } as const;
    const change = providerAt(853, config, { lookup }).add(RECORD, ending.signal);
    await expect(change).rejects.toThrow('we are closing');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('over TLS', () => {
  const config = { protocol: 'tls', host: 'ns.example' } as const;

  it('as many as four addresses are connected to, by name, with the ALPN of DoT, within five seconds each', async () => {
    const targets: TlsTarget[] = [];
    const connect = (target: TlsTarget) => {
      targets.push(target);
      return Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    };
    const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '192.0.2.3', '192.0.2.4'];
    const provider = providerAt(853, config, { tls: { connect }, lookup: async () => addresses });
    expect(await problemOf(provider.add(RECORD, going))).toBe(
      `the TXT record at ${RECORD.name} cannot be put up: the DNS server ns.example:853 cannot be connected to: ` +
        'ECONNREFUSED (nothing listens there)',
    );
    expect(targets.map(({ address }) => address)).toEqual([
      ...['192.0.2.1', '2001:db8::1', '192.0.2.2', '192.0.2.3'],
    ]);
    for (const { port, serverName, alpn, timeoutMs } of targets) {
      expect({ port, serverName, alpn, timeoutMs }).toEqual({
        ...{ port: 853, serverName: 'ns.example', alpn: ['dot'], timeoutMs: 5_000 },
      });
    }
  });

  it('a name that cannot be looked up is a problem, with the reason', async () => {
    const lookup = () => Promise.reject(new Error('no upstream answers'));
    expect(await problemOf(providerAt(853, config, { lookup }).add(RECORD, going))).toContain(
      'the DNS server ns.example:853 cannot be looked up: no upstream answers',
    );
  });
});
