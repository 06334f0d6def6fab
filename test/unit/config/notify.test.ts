// What is made of `notify`, and every sentence about what is wrong with it. None of them repeats where a message goes
// beyond scheme and host: whoever knows the path may send there.

import { describe, expect, it, test } from 'vitest';
import { filesUnseen } from '../../../src/config/named-files.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigProblems } from '../../../src/config/problems.ts';

const SECRET = 'kV7-secret';

const parse = (lines: string, files = filesUnseen) =>
  parseConfig(`upstreams:\n  - {url: "tls://192.0.2.1"}\nnotify:\n${lines}\n`, {
    file: '/etc/noonmark/home.yaml',
    files,
  });

function problemsOf(lines: string): string[] {
  try {
    parse(lines);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    expect(error.message).not.toContain(SECRET);
    return error.problems.map(({ line, path, message }) => `${line}: ${path}: ${message}`);
  }
}

const one = (entry: string) => problemsOf(`  - ${entry}`).map((problem) => problem.replace(/^4: /, ''));

test('everything that may be written is read', () => {
  const { config, warnings, files } = parse(`
  - webhook: "https://Hooks.example:8443/a/${SECRET}?wait=true"
    addresses: [192.0.2.7, "2001:DB8::7"]
    token_file: hook.token
    ca_file: ca.pem
    about: [clock, upstreams]
    after: 2m
  - ntfy: "https://ntfy.sh/${SECRET}"
    about: [all]
  - webhook: "http://192.168.1.5:8123/api/webhook/${SECRET}"
  - {webhook: "http://[fd00::5]/"}
  - command: tell-me`);
  expect(warnings).toEqual([]);
  expect(files).toContain('/etc/noonmark/ca.pem');
  const usual = ['clock', 'upstreams', 'certificate', 'addresses', 'configuration'];
  const none = { addresses: [], caFile: null, tokenFile: null };
  expect(config.notify).toEqual([
    {
      channel: {
        ...{ kind: 'webhook', protocol: 'https', host: 'hooks.example', isAddress: false, port: 8443 },
        ...{ target: `/a/${SECRET}?wait=true`, addresses: ['192.0.2.7', '2001:db8::7'] },
        ...{ caFile: '/etc/noonmark/ca.pem', tokenFile: '/etc/noonmark/hook.token' },
      },
      ...{ place: 'notify[0]', about: ['clock', 'upstreams'], afterMs: 120_000 },
    },
    {
      channel: {
        ...{ kind: 'ntfy', protocol: 'https', host: 'ntfy.sh', isAddress: false, port: 443 },
        ...{ ...none, target: `/${SECRET}` },
      },
      ...{ place: 'notify[1]', about: [...usual, 'names', 'lists'], afterMs: 30_000 },
    },
    {
      channel: {
        ...{ kind: 'webhook', protocol: 'http', host: '192.168.1.5', isAddress: true, port: 8123 },
        ...{ ...none, target: `/api/webhook/${SECRET}`, addresses: ['192.168.1.5'] },
      },
      ...{ place: 'notify[2]', about: usual, afterMs: 30_000 },
    },
    {
      channel: {
        ...{ kind: 'webhook', protocol: 'http', host: 'fd00::5', isAddress: true, port: 80 },
        ...{ ...none, target: '/', addresses: ['fd00::5'] },
      },
      ...{ place: 'notify[3]', about: usual, afterMs: 30_000 },
    },
    {
      channel: { kind: 'command', program: '/etc/noonmark/tell-me' },
      ...{ place: 'notify[4]', about: usual, afterMs: 30_000 },
    },
  ]);
  expect(Object.isFrozen(config.notify[0]?.channel)).toBe(true);
});

test('without the key nobody is told', () => {
  expect(parseConfig('', { file: 'home.yaml' }).config.notify).toEqual([]);
});

describe('where a message goes', () => {
  it.each([
    [
      `webhook: "hooks.example/${SECRET}"`,
      'notify[0].webhook: this is no URL (it is not repeated here, since it may be a secret); write https://HOST/PATH',
    ],
    [
      `webhook: "tcp://hooks.example/${SECRET}"`,
      'notify[0].webhook: "tcp://hooks.example/…" has the scheme tcp://, by which nothing is sent; write https://hooks.example/PATH',
    ],
    [
      `webhook: "http://hooks.example/${SECRET}"`,
      'notify[0].webhook: "http://hooks.example/…" would send it in plaintext to whoever that name leads to; write the address of a host on your own network in its place, such as http://192.168.1.5:8123/PATH, or https://hooks.example/PATH',
    ],
    [
      `ntfy: "http://192.0.2.1/${SECRET}"`,
      'notify[0].ntfy: "http://192.0.2.1/…" is not on a private network, and nothing is sent into the world in plaintext; write https://192.0.2.1/TOPIC',
    ],
    [
      `webhook: "https://me:${SECRET}@hooks.example/${SECRET}"`,
      'notify[0].webhook: "https://…@hooks.example/…" carries a user name; write https://hooks.example',
    ],
    [
      `webhook: "https://hooks.example:99999/${SECRET}"`,
      'notify[0].webhook: "https://hooks.example:99999/…" has the port "99999"; write a number of 1 to 65535',
    ],
    [
      `webhook: "https://hooks.example/${SECRET}#x"`,
      'notify[0].webhook: "https://hooks.example/…" has a fragment or a character that no URL has, or is too long; write it percent-encoded, at most 2048 characters',
    ],
    [
      `webhook: "https://hooks.example/${SECRET}\\r\\nX: y"`,
      'notify[0].webhook: "https://hooks.example/…" has a fragment or a character that no URL has, or is too long; write it percent-encoded, at most 2048 characters',
    ],
    [
      `ntfy: "https://ntfy.sh/"`,
      'notify[0].ntfy: "https://ntfy.sh/…" needs a topic at the end of its path: 1 to 64 letters, digits, hyphens and underscores, hard to guess, since it is all the password there is',
    ],
    [
      `ntfy: "https://ntfy.sh/${SECRET}!"`,
      'notify[0].ntfy: "https://ntfy.sh/…" needs a topic at the end of its path: 1 to 64 letters, digits, hyphens and underscores, hard to guess, since it is all the password there is',
    ],
  ])('%s', (entry, problem) => {
    expect(one(`{${entry}}`)).toEqual([problem]);
  });

  test('is one way an entry, and no way twice', () => {
    const ways = 'write one of webhook, ntfy and command';
    expect(one('{after: 1m}')).toEqual([`notify[0]: nothing says where this goes; ${ways}`]);
    expect(one(`{webhook: "https://a.example/", command: x}`)).toEqual([
      `notify[0]: webhook and command exclude each other; ${ways}`,
    ]);
    expect(
      problemsOf(
        `  - {ntfy: "https://a.example/${SECRET}"}\n  - {ntfy: "https://A.example:443/${SECRET}"}\n  - {command: x}\n  - {command: ./x}`,
      ),
    ).toEqual([
      '5: notify[1]: this is where notify[0] goes already; keep one of them',
      '7: notify[3]: this is where notify[2] goes already; keep one of them',
    ]);
  });

  test('as a bare text is not repeated, nor is an entry that is wrong in another way', () => {
    const bare = 'an entry has keys; write "- webhook: …", "- ntfy: …" or "- command: …"';
    expect(problemsOf(`  - https://ntfy.sh/${SECRET}`)).toEqual([`4: notify[0]: ${bare}`]);
    expect(problemsOf(`  - {webhok: "https://hooks.example/${SECRET}"}`)).toEqual([
      '4: notify[0]: unknown key `webhok`; did you mean `webhook`?',
    ]);
    expect(problemsOf(`  - {ntfy: "https://ntfy.sh/${SECRET}", after: soon}\n  - {after: 1m}`)).toHaveLength(
      2,
    );
  });
});

describe('keys beside it', () => {
  it.each([
    [
      'command: x, token_file: t',
      'token_file: a program is not sent to; delete `token_file`, which is for a URL',
    ],
    ['command: x, ca_file: t', 'ca_file: a program is not sent to; delete `ca_file`, which is for a URL'],
    [
      'command: x, addresses: []',
      'addresses: a program is not sent to; delete `addresses`, which is for a URL',
    ],
    [
      'webhook: "https://192.0.2.1/", addresses: [192.0.2.2]',
      'addresses: the URL has an address already; delete `addresses`, or write the name in the URL',
    ],
    [
      'webhook: "http://127.0.0.1/", ca_file: ca.pem',
      'ca_file: a server that is asked without TLS shows no certificate; delete `ca_file`, or write https:// in the URL',
    ],
    [
      'command: x, about: []',
      'about: nobody would be told of anything; name what matters, or delete the key',
    ],
    [
      'command: x, about: [clocks]',
      'about[0]: "clocks" is not one of clock, upstreams, certificate, addresses, configuration, names, lists, all; did you mean clock?',
    ],
    ['command: x, after: 0s', 'after: "0s" is out of bounds; write 1s to 1h (default 30s)'],
  ])('%s', (entry, problem) => {
    expect(one(`{${entry}}`)).toEqual([`notify[0].${problem}`]);
  });

  test('at most eight entries', () => {
    const entries = Array.from({ length: 9 }, (_, at) => `  - {command: x${at}}`).join('\n');
    expect(problemsOf(entries)).toEqual(['3: notify: the list has more than 8 entries; write fewer']);
  });
});

test('what does not work today may tomorrow: a warning', () => {
  const broken = {
    ...filesUnseen,
    programProblem: (path: string) => `"${path}" is not executable; make it so with chmod +x`,
    secretProblem: (path: string) => `"${path}" is empty; write the secret into it`,
  };
  const { warnings } = parse(
    `
  - {command: "/bin/mail me"}
  - {webhook: "http://192.168.1.5/${SECRET}", token_file: t}
  - {webhook: "http://100.64.0.1/${SECRET}"}`,
    broken,
  );
  expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'notify[0].command: "/bin/mail me" is not executable; make it so with chmod +x (a program stands here alone, without arguments; put those into a script); until that is mended, nobody is told by it',
    'notify[1].token_file: "/etc/noonmark/t" is empty; write the secret into it; until that is mended, nothing is sent there',
    'notify[1].token_file: the token goes to http://192.168.1.5 in plaintext, for everybody on the way to read; write https:// in the URL, or a token that is good for nothing else',
    "notify[2].webhook: http://100.64.0.1 is in the provider's network where there is carrier-grade NAT (RFC 6598), and others there can read what is sent in plaintext; keep it if it is in a VPN of your own, else write https://",
  ]);
});
