// Names that other programs keep in files, asked of the real process: a zone file, a hosts file and a lease file of
// dnsmasq, each changed while it runs.

import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryType } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';

describe('Names from files', () => {
  let noonmark: Noonmark;
  const put = (name: string, text: string) => {
    const path = join(noonmark?.directory ?? '', name);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };

  beforeAll(async () => {
    noonmark = await startNoonmark({
      config: {
        zones: { 'home.arpa': { file: 'home.zone', records: ['nas 300 A 192.168.1.20'] } },
        hosts: ['hosts'],
        leases: [{ file: 'dnsmasq.leases', format: 'dnsmasq', domain: 'home.arpa' }],
      },
      prepare: (directory) => {
        writeFileSync(join(directory, 'home.zone'), '$TTL 5m\n$INCLUDE printers.inc\nfiles CNAME nas\n');
        writeFileSync(join(directory, 'printers.inc'), 'printer A 192.168.1.30\n');
        writeFileSync(join(directory, 'hosts'), '127.0.0.1 localhost\n192.168.1.40 tv.home.arpa tv\n');
        writeFileSync(join(directory, 'dnsmasq.leases'), '0 aa:bb 192.168.1.50 laptop *\n');
      },
    });
  });
  afterAll(() => noonmark?.stop());

  const answers = async (name: string, type: QueryType = 'A') => (await noonmark.ask(name, type)).answers;

  test.for<[name: string, type: QueryType, answer: string]>([
    ['printer.home.arpa', 'A', 'A 192.168.1.30'],
    ['tv.home.arpa', 'A', 'A 192.168.1.40'],
    ['tv', 'A', 'A 192.168.1.40'],
    ['laptop.home.arpa', 'A', 'A 192.168.1.50'],
    ['30.1.168.192.in-addr.arpa', 'PTR', 'PTR printer.home.arpa'],
    ['40.1.168.192.in-addr.arpa', 'PTR', 'PTR tv.home.arpa'],
    ['50.1.168.192.in-addr.arpa', 'PTR', 'PTR laptop.home.arpa'],
  ])('%s %s is answered', async ([name, type, answer]) => {
    await eventually(async () => (await answers(name, type)).includes(answer));
  });

  test('a CNAME of the zone file leads to a record of the configuration', async () => {
    expect(await answers('files.home.arpa')).toEqual(['CNAME nas.home.arpa', 'A 192.168.1.20']);
  });

  test('files that change are read again, the included one too', async () => {
    put('hosts', '192.168.1.41 tv.home.arpa\n');
    put('dnsmasq.leases', '0 aa:bb 192.168.1.51 laptop *\n');
    put('printers.inc', 'printer A 192.168.1.31\n');
    await eventually(async () => (await answers('tv.home.arpa')).includes('A 192.168.1.41'));
    await eventually(async () => (await answers('laptop.home.arpa')).includes('A 192.168.1.51'));
    await eventually(async () => (await answers('printer.home.arpa')).includes('A 192.168.1.31'));
  });

  test('a zone file with a mistake is told, and what it said before stays', async () => {
    put('home.zone', 'printer A 192.168.1.300\n');
    const line = await noonmark.process.waitForLine((text) => text.includes('home.zone:1'));
    expect(line).toContain('is not an IPv4 address');
    expect(await answers('printer.home.arpa')).toEqual(['A 192.168.1.31']);
  });
});
