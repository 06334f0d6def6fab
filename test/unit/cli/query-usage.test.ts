// The command line of `noonmark query`: what is asked for, and what is refused. Nothing is sent in these tests.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/command.ts';
import { runQuery } from '../../../src/cli/query.ts';
import { buildQuery, readQuestion } from '../../../src/cli/query-question.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('a wrong command line is refused with one sentence that says what is right', () => {
  const server = (text: string) => ['a.example', '--server', text];
  it.each([
    [[], 'the name to ask for is missing'],
    [['a.example', 'A', 'MX'], '"MX" is one word too many'],
    [['a.example', 'AAAAA'], '"AAAAA" is no record type; write AAAA'],
    [['a.example', 'TYPE65536'], '"TYPE65536" is no record type'],
    [['a..example'], '"a..example" has an empty label'],
    [['münchen.example'], 'write its IDNA form, "xn--mnchen-3ya.example"'],
    [['-x', 'a.example'], '-x takes an address, and "a.example" is none'],
    [['a.example', '--timeout', '5'], '"5" has no unit; write 5s'],
    [['a.example', '--timeout', '61s'], '--timeout is over 0s and at most 1m'],
    [
      ['a.example', '--ca', 'ca.pem'],
      '--ca, --name and --pin judge a certificate, so they need --server tls://',
    ],
    [[...server('tls://192.0.2.1'), '--pin', 'sha256/short'], '"sha256/short" is not a pin'],
    [[...server('tls://192.0.2.1'), '--ca', '/nowhere/ca.pem'], '/nowhere/ca.pem cannot be read (ENOENT)'],
    [[...server('tls://192.0.2.1'), '--name', '*.example'], '"*.example" is a wildcard'],
    [server('tls://dns.example'), 'give its address: --server tls://ADDRESS --name dns.example'],
    [server('tls://dns\u001b.example'), 'give its address: --server tls://ADDRESS --name dns\\u001b.example'],
    [
      server('https://dns.example/dns-query'),
      'give its address: --server https://ADDRESS --name dns.example',
    ],
    [server('dns.example'), '"dns.example" is a name, and looking it up would go out in plaintext'],
    [server('quic://192.0.2.1'), '"quic://192.0.2.1" has the unknown scheme quic://'],
    [server('tls://192.0.2.1/dns-query'), 'carries a path, which only https:// has'],
    [server('192.0.2.1:99999'), '"192.0.2.1:99999" has the port "99999"'],
    [server('192.0.2.300'), '"192.0.2.300" is not an address'],
  ])('%j', async (args, sentence) => {
    const refusal = await runQuery(args, new SimulatedClock()).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as Error).message).toContain(sentence);
    expect((refusal as Error).message).not.toMatch(/\.$/);
  });
});

describe('a question', () => {
  it.each([
    [['192.168.1.20'], '\x0220\x011\x03168\x03192\x07in-addr\x04arpa\0', 12],
    [['192.168.1.20', 'A'], '\x03192\x03168\x011\x0220\0', 1],
    [['Nas.Home.arpa.', 'https'], '\x03Nas\x04Home\x04arpa\0', 65],
    [['.', 'TYPE2'], '\0', 2],
  ])('%j is asked as it should be', (operands, name, type) => {
    expect(readQuestion(operands, false)).toEqual({ name, type });
  });

  it('with -x an address is reversed whatever the type', () => {
    expect(readQuestion(['::1', 'SOA'], true)).toEqual({
      name: `\x011${'\x010'.repeat(31)}\x03ip6\x04arpa\0`,
      type: 6,
    });
  });

  it('is padded to 128 octets where nobody else shall see its length', () => {
    const wishes = { id: 7, dnssecOk: false, checkingDisabled: false };
    const question = { name: '\x01a\0', type: 1 };
    expect(buildQuery(question, { ...wishes, pads: true })).toHaveLength(128);
    expect(buildQuery(question, { ...wishes, pads: false })).toHaveLength(12 + 7 + 11);
  });
});
