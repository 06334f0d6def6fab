// One scenario of a rehearsal, as far as it needs no server: what is changed of the configuration, and when it is over.

import { describe, expect, it } from 'vitest';
import { isSettled, rehearsalConfig } from '../../../src/cli/rehearsal-run.ts';
import { filesOnDisk } from '../../../src/config/named-files.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { synchronized, untrusted } from '../../support/statuses.ts';

const YAML = `
listen: {dns: ["192.0.2.1:53", "[::]:53"], doh: ["192.0.2.1:443"], admin: ["127.0.0.1:8080"]}
access: {allow: ["192.0.2.0/24"]}
upstreams: [{url: "tls://dns.example", addresses: [192.0.2.53]}]
zones: {home.arpa: {records: ["nas A 192.168.1.20"]}}
state_dir: /var/lib/noonmark
certs_dir: /etc/noonmark/certs
time: {sources: [{url: "ntp://192.0.2.123"}]}
`;
const { config } = parseConfig(YAML, { file: '/noonmark.yaml', files: filesOnDisk });

describe('the configuration that is rehearsed', () => {
  const rehearsed = rehearsalConfig(config, '/tmp/place', { hasStamp: true });

  it('listens on loopback alone, on ports of the system, and has no dashboard', () => {
    const loopback = [{ address: '127.0.0.1', port: 0, family: 4 }];
    expect(rehearsed.listen).toEqual({ dns: loopback, dot: [], doh: loopback, admin: [] });
    expect(rehearsed.access.allow).toEqual([...config.access.allow, 'loopback']);
  });

  it('keeps its certificates elsewhere and reads the stamp where it is, unless that is lost', () => {
    expect([rehearsed.certsDir, rehearsed.stateDir]).toEqual(['/tmp/place/certs', '/var/lib/noonmark']);
    expect(rehearsalConfig(config, '/tmp/place', { hasStamp: false }).stateDir).toBe('/tmp/place/state');
  });

  it("is the owner's in all else", () => {
    const { listen, access, certsDir, stateDir, ...rest } = rehearsed;
    expect(config).toMatchObject(rest);
    expect(Object.keys(rehearsed).sort()).toEqual(Object.keys(config).sort());
  });
});

describe('a scenario is over', () => {
  const provisional = {
    clock: { ...synchronized.clock, state: 'provisional', nextRoundInMs: 16_000 },
  } as const;
  const asking = { clock: { ...provisional.clock, nextRoundInMs: 0 } };
  const lost = { clock: { ...untrusted.clock, nextRoundInMs: 15_000 } };

  it.each([
    ['synchronized, and the world answers', synchronized, true, true],
    ['synchronized, and the world does not answer yet', synchronized, false, false],
    ['provisional, and nobody is asked again in time', provisional, true, true],
    ['provisional, and the sources are being asked', asking, true, false],
    ['provisional, and the world does not answer yet', provisional, false, false],
    ['untrusted, and nobody is asked again in time', lost, false, true],
    ['untrusted, and nobody has been asked', { clock: { ...lost.clock, lastRound: null } }, false, false],
  ])('or not: %s', (_, status, isWorldAnswered, isOver) => {
    expect(isSettled(status, isWorldAnswered, 8000)).toBe(isOver);
  });
});
