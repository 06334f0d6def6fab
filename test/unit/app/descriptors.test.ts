// The limit of open files, shared out: enough stays for upstreams, state and the dashboard, however many clients come.

import { describe, expect, it, test } from 'vitest';
import { affordableLimits, type DescriptorNeeds, shareDescriptors } from '../../../src/app/descriptors.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { RecordedLog } from '../../support/answer-path.ts';

const at = (port: number) => ({ address: '192.0.2.1', port, family: 4 }) as const;
const UPSTREAM = {} as Config['upstreams'][number];
const NEEDS: DescriptorNeeds = {
  listen: { dns: [at(53)], dot: [at(853)], doh: [at(443)], admin: [at(5380)] },
  upstreams: [UPSTREAM, UPSTREAM],
  forward: [],
  limits: { connections: 1000, connectionsPerClient: 100 },
};
const forwardTo = (...ports: number[]) => [{ name: 'a' as never, servers: ports.map(at) }];

describe('shareDescriptors', () => {
  it('gives what was asked for where there is enough', () => {
    expect(shareDescriptors(20_000, NEEDS)).toMatchObject(NEEDS.limits);
    expect(shareDescriptors(Number.POSITIVE_INFINITY, NEEDS)).toMatchObject(NEEDS.limits);
  });

  it('keeps what the process itself needs, and shrinks one client’s part with the whole', () => {
    const share = shareDescriptors(256, NEEDS);
    expect(share).toMatchObject({ connections: 34, connectionsPerClient: 4 });
    // three doors, eight connections to each of two upstreams, the admin's 64, and 27 at rest
    expect(3 * share.connections + 2 * 8 + 64 + 27).toBeLessThan(256);
  });

  it('gives nothing to a door that is not there', () => {
    const listen = { ...NEEDS.listen, dot: [], doh: [] };
    expect(shareDescriptors(256, { ...NEEDS, listen }).connections).toBe(105);
  });

  it('counts the sockets of forwarded zones as one door, and those of one server once', () => {
    const forward = [...forwardTo(53, 54), ...forwardTo(53)];
    expect(shareDescriptors(256, { ...NEEDS, forward })).toMatchObject({
      connections: 25,
      exchangesPerServer: 6,
    });
  });

  it.each([0, 16, 64, 140])('leaves every door open under a limit of %i', (openFilesMax) => {
    const share = shareDescriptors(openFilesMax, { ...NEEDS, forward: forwardTo(53) });
    for (const part of Object.values(share)) expect(part).toBeGreaterThanOrEqual(1);
    expect(share.connections).toBeLessThanOrEqual(Math.max(1, openFilesMax / 8));
  });
});

describe('affordableLimits', () => {
  const { config } = parseConfig('listen: {dot: [127.0.0.1]}', { file: '/etc/noonmark/home.yaml' });

  test('says once what the owner does not get, and what to do', () => {
    const log = new RecordedLog();
    expect(affordableLimits(config, log, 256).connections).toBeLessThan(config.limits.connections);
    expect(log.lines).toHaveLength(1);
    expect(JSON.stringify(log.lines[0])).toMatch(/limits\.connections.*LimitNOFILE=/);
  });

  test('says nothing where there is enough, and changes no other limit', () => {
    const log = new RecordedLog();
    expect(affordableLimits(config, log, 20_000)).toMatchObject(config.limits);
    expect(log.lines).toEqual([]);
  });
});
