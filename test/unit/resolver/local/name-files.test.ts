// Names of files on a real disk: which of several counts, for how long, and what becomes of them when the files change,
// go, or turn into something else. What each format says is lease-files.test.ts.

import { execFileSync } from 'node:child_process';
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config, LeasesConfig } from '../../../../src/config/config.ts';
import { typeNumber } from '../../../../src/dns/codes.ts';
import { formatName, nameKey } from '../../../../src/dns/names.ts';
import { formatRdata } from '../../../../src/dns/rdata-text.ts';
import { LOOK_EVERY_MS } from '../../../../src/files/file-watch.ts';
import { NameFiles } from '../../../../src/resolver/local/name-files.ts';
import { RecordedLog } from '../../../support/answer-path.ts';
import { eventually } from '../../../support/eventually.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

let directory: string;
let clock: SimulatedClock;
let log: RecordedLog;
let files: NameFiles;
let nowSeconds: number;

beforeEach(() => {
  directory = temporaryDirectory('names');
  clock = new SimulatedClock({ state: 'synchronized' });
  nowSeconds = clock.now().epochMs / 1000;
  log = new RecordedLog();
});
afterEach(() => {
  files.close();
  expect(clock.pendingTimers).toBe(0);
});

const path = (name: string) => join(directory, name);
const write = (name: string, ...lines: string[]) =>
  writeFileSync(path(name), lines.map((line) => `${line}\n`).join(''));
const leases = (file: string, format: LeasesConfig['format'] = 'dnsmasq'): LeasesConfig => ({
  file: path(file),
  format,
  domain: nameKey('home.arpa.'),
});
const lines = () => log.lines.map(({ line }) => line.replaceAll(directory, ''));

async function open(config: Partial<Pick<Config, 'hosts' | 'leases'>>): Promise<void> {
  const whole = { hosts: [], leases: [], ...config };
  files = new NameFiles({ config: whole, clock, log });
  await files.reload(whole);
}

/** The answer to "NAME TYPE" as texts; "nothing" where the question is not about a file. */
function ask(question: string): string[] | 'nothing' {
  const [name, type] = question.split(' ');
  const found = files.lookup(nameKey(name!), typeNumber(type!)!);
  if (found === null) return 'nothing';
  return found.records.map(
    (record) => `${formatName(record.owner)} ${record.ttlSeconds} ${formatRdata(record.type, record.rdata)}`,
  );
}

/** Lets the watch look as often as a change needs to be believed. */
async function untilSeen<T>(look: () => T): Promise<T> {
  return eventually(() => {
    clock.advance(LOOK_EVERY_MS);
    return look();
  });
}

describe('the report', () => {
  const REPORT = { names: 0, unread: 0, problem: null, problemForMs: null };

  it('has each file with what it holds', async () => {
    write('hosts', '192.168.1.20 nas.home.arpa nas', '192.168.1.400 nobody', 'fd00::20 nas');
    write('leases', `${nowSeconds + 60} 00:00:5e:00:53:01 192.168.1.30 phone *`);
    write('empty', '# nobody yet');
    await open({ hosts: [path('hosts'), path('empty')], leases: [leases('leases')] });
    expect(files.report()).toEqual([
      { ...REPORT, file: path('hosts'), format: 'hosts', names: 3, unread: 1 },
      { ...REPORT, file: path('empty'), format: 'hosts' },
      { ...REPORT, file: path('leases'), format: 'dnsmasq', names: 1 },
    ]);
  });

  it('says of one that is not there, or is in another format, what is wrong and for how long', async () => {
    write('leases', 'lease 192.168.1.30 {', '  starts 4 2026/11/26 10:00:00;', '}');
    await open({ hosts: [path('none')], leases: [leases('leases')] });
    clock.advance(700);
    expect(files.report()).toEqual([
      {
        ...{ ...REPORT, file: path('none'), format: 'hosts' },
        ...{ problem: 'there is no such file', problemForMs: 700 },
      },
      {
        ...{ ...REPORT, file: path('leases'), format: 'dnsmasq', unread: 3 },
        ...{ problem: 'nothing in it is understood as dnsmasq', problemForMs: 700 },
      },
    ]);
    files.close();
    write('leases', '# x', `${nowSeconds + 60} 00:00:5e:00:53:01 192.168.1.30 phone *`);
    for (const format of ['isc', 'kea'] as const) {
      await open({ leases: [leases('leases', format)] });
      expect(files.report()).toMatchObject([{ problem: `nothing in it is understood as ${format}` }]);
      files.close();
    }
  });

  it('is of a file that comes later, and goes, what it is then', async () => {
    await open({ hosts: [path('none')] });
    write('none', '192.168.1.20 nas');
    await untilSeen(() => files.report()[0]!.names === 1);
    expect(files.report()[0]).toEqual({ ...REPORT, file: path('none'), format: 'hosts', names: 1 });
    rmSync(path('none'));
    await untilSeen(() => files.report()[0]!.problem === 'there is no such file');
    expect(files.report()[0]).toMatchObject({ names: 1 });
  });
});

describe('a hosts file', () => {
  it('gives names, dotless or not, and the way back to the first of a line', async () => {
    write(
      'hosts',
      '192.168.1.20 NAS.home.arpa nas',
      '192.168.1.21 nas.home.arpa',
      'fd00::20 nas',
      '0.0.0.0 ads.example',
    );
    await open({ hosts: [path('hosts')] });
    expect(ask('nas.home.arpa. A')).toEqual([
      'NAS.home.arpa. 60 192.168.1.20',
      'nas.home.arpa. 60 192.168.1.21',
    ]);
    expect(ask('nas. A')).toEqual(['nas. 60 192.168.1.20']);
    expect(ask('nas. AAAA')).toEqual(['nas. 60 fd00::20']);
    expect(ask('20.1.168.192.in-addr.arpa. PTR')).toEqual(['20.1.168.192.in-addr.arpa. 60 NAS.home.arpa.']);
    expect(ask('ads.example. A')).toEqual(['ads.example. 60 0.0.0.0']);
    expect(ask('0.0.0.0.in-addr.arpa. PTR')).toBe('nothing');
  });

  it('has no other addresses for its names, and no opinion on other types', async () => {
    write('hosts', '192.168.1.20 www.example.com');
    await open({ hosts: [path('hosts')] });
    expect(ask('www.example.com. AAAA')).toEqual([]);
    expect(ask('www.example.com. HTTPS')).toEqual([]);
    expect(ask('www.example.com. MX')).toBe('nothing');
    expect(ask('www.example.com. ANY')).toEqual(['www.example.com. 60 192.168.1.20']);
    expect(ask('example.com. A')).toBe('nothing');
    expect(
      ['www.example.com.', 'example.com.', 'com.', 'x.example.com.', '__proto__'].map((name) =>
        files.exists(nameKey(name)),
      ),
    ).toEqual([true, true, true, false, false]);
  });

  it('with an endless list for one name gives a part that fits into an answer', async () => {
    write('hosts', ...Array.from({ length: 300 }, (_, n) => `10.0.${n >> 8}.${n & 255} many`));
    await open({ hosts: [path('hosts')] });
    expect(ask('many. A')).toHaveLength(32);
  });

  it('that is read anew when it has changed and held still', async () => {
    write('hosts', '192.168.1.20 nas');
    await open({ hosts: [path('hosts')] });
    write('hosts.new', '192.168.1.22 nas');
    renameSync(path('hosts.new'), path('hosts'));
    await untilSeen(() => ask('nas. A')[0]?.includes('192.168.1.22'));
  });

  it('keeps its names while it is gone, unreadable or no file at all', async () => {
    write('hosts', '192.168.1.20 nas');
    await open({ hosts: [path('hosts')] });
    rmSync(path('hosts'));
    await untilSeen(() => lines().length === 1);
    execFileSync('mkfifo', [path('hosts')]);
    await untilSeen(() => lines().length === 2);
    rmSync(path('hosts'));
    write('hosts', '');
    truncateSync(path('hosts'), 16 * 2 ** 20 + 1);
    await untilSeen(() => lines().length === 3);
    expect(ask('nas. A')).toEqual(['nas. 60 192.168.1.20']);
    expect(lines()).toEqual([
      'warn file /hosts: there is no such file; its names stay as they were',
      'warn file /hosts: the file cannot be read (it is not a plain file); its names stay as they were',
      'warn file /hosts: the file cannot be read (it is over 16777216 octets long); its names stay as they were',
    ]);
    write('hosts', '192.168.1.23 nas');
    await untilSeen(() => ask('nas. A')[0]?.includes('192.168.1.23'));
  });

  it('that comes later is read then', async () => {
    await open({ hosts: [path('hosts')] });
    expect(ask('nas. A')).toBe('nothing');
    write('hosts', '192.168.1.20 nas');
    await untilSeen(() => ask('nas. A').length === 1);
  });

  it('with one endless line is told of, and the others are read', async () => {
    write('hosts', 'x'.repeat(100_000), '192.168.1.20 nas');
    await open({ hosts: [path('hosts')] });
    expect(ask('nas. A')).toHaveLength(1);
    expect(lines()).toEqual(['warn file /hosts: entries not understood: 1, the first at line 1']);
  });

  it('of nonsense is one line in the log, however often it changes', async () => {
    write('hosts', '192.168.1.20 nas', 'one', 'two');
    await open({ hosts: [path('hosts')] });
    appendFileSync(path('hosts'), '192.168.1.21 tv\n');
    await untilSeen(() => ask('tv. A').length === 1);
    expect(lines()).toEqual(['warn file /hosts: entries not understood: 2, the first at line 2']);
  });
});

describe('leases', () => {
  const line = (secondsLeft: number, address: string, host: string) =>
    `${nowSeconds + secondsLeft} aa:bb ${address} ${host} *`;

  it('give names in their domain, of both families, and the way back', async () => {
    write('leases', line(3600, '192.168.1.21', 'laptop'), line(3600, 'fd00::21', 'laptop'));
    await open({ leases: [leases('leases')] });
    expect(ask('laptop.home.arpa. A')).toEqual(['laptop.home.arpa. 60 192.168.1.21']);
    expect(ask('laptop.home.arpa. AAAA')).toEqual(['laptop.home.arpa. 60 fd00::21']);
    expect(ask('laptop. A')).toBe('nothing');
    expect(ask('21.1.168.192.in-addr.arpa. PTR')).toEqual([
      '21.1.168.192.in-addr.arpa. 60 laptop.home.arpa.',
    ]);
  });

  it('end by a clock that is believed, and by no other', async () => {
    write('leases', line(30, '192.168.1.21', 'laptop'));
    await open({ leases: [leases('leases')] });
    expect(ask('laptop.home.arpa. A')).toEqual(['laptop.home.arpa. 30 192.168.1.21']);
    clock.advance(30_000);
    expect(ask('laptop.home.arpa. A')).toBe('nothing');
    clock.setState('untrusted');
    expect(ask('laptop.home.arpa. A')).toEqual(['laptop.home.arpa. 60 192.168.1.21']);
  });

  it('with one name are the newest of each family, and the older one once that has ended', async () => {
    write(
      'leases',
      line(60, '192.168.1.21', 'laptop'),
      line(3600, '192.168.1.22', 'laptop'),
      line(60, 'fd00::21', 'laptop'),
    );
    write('other', line(1800, '192.168.1.23', 'laptop'));
    await open({ leases: [leases('other'), leases('leases')] });
    expect(ask('laptop.home.arpa. A')).toEqual(['laptop.home.arpa. 60 192.168.1.22']);
    expect(ask('laptop.home.arpa. AAAA')).toEqual(['laptop.home.arpa. 60 fd00::21']);
    expect(ask('laptop.home.arpa. ANY')).toHaveLength(1);
  });

  it('add nothing to a name that a hosts file has, nor to its address', async () => {
    write('hosts', '192.168.1.20 nas.home.arpa');
    write('leases', line(3600, 'fd00::66', 'nas'), line(3600, '192.168.1.20', 'thief'));
    await open({ hosts: [path('hosts')], leases: [leases('leases')] });
    expect(ask('nas.home.arpa. AAAA')).toEqual([]);
    expect(files.lookup(nameKey('nas.home.arpa.'), 1)).toMatchObject({
      isLease: false,
      source: `file ${path('hosts')}`,
    });
    expect(ask('20.1.168.192.in-addr.arpa. PTR')).toEqual(['20.1.168.192.in-addr.arpa. 60 nas.home.arpa.']);
    expect(files.lookup(nameKey('thief.home.arpa.'), 1)).toMatchObject({
      isLease: true,
      source: `leases ${path('leases')}`,
    });
  });

  it('whose names are none are told once, with one of them, harmlessly', async () => {
    write(
      'leases',
      line(60, '192.168.1.21', 'wpad'),
      line(60, '192.168.1.22', '\u001b[31mred'),
      line(60, 'nowhere', 'x'),
    );
    await open({ leases: [leases('leases')] });
    expect(lines()).toEqual([
      'warn leases /leases: entries not understood: 1; names that cannot be answered: 2, the first "wpad"',
    ]);
  });

  it('of Kea are those that its clean-up has moved aside as well, the newest last', async () => {
    const head = 'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state';
    const row = (address: string, host: string) => `${address},aa,,3600,${nowSeconds + 3600},1,0,0,${host},0`;
    write('kea.csv.2', head, row('192.168.1.21', 'old'), row('192.168.1.22', 'stays'));
    write('kea.csv.1', head, row('192.168.1.21', 'newer'));
    write('kea.csv', head, row('192.168.1.23', 'newest'));
    await open({ leases: [leases('kea.csv', 'kea')] });
    expect(
      ['old', 'stays', 'newer', 'newest'].map((host) => ask(`${host}.home.arpa. A`) !== 'nothing'),
    ).toEqual([false, true, true, true]);
    rmSync(path('kea.csv.1'));
    await untilSeen(() => ask('old.home.arpa. A').length === 1);
    expect(lines()).toEqual([]);
  });
});

describe('other files', () => {
  it('from a reload on: those that stay keep their names meanwhile, and the others go', async () => {
    write('a', '10.0.0.1 a');
    write('b', '10.0.0.2 b');
    write('c', '10.0.0.3 c');
    await open({ hosts: [path('a'), path('b')] });
    const reloaded = files.reload({ hosts: [path('b'), path('c')], leases: [] });
    expect(ask('b. A')).toHaveLength(1);
    await reloaded;
    expect([ask('a. A'), ask('b. A'), ask('c. A')]).toEqual([
      'nothing',
      ['b. 60 10.0.0.2'],
      ['c. 60 10.0.0.3'],
    ]);
  });

  it('of a hundred thousand lines do not stop the clock for queries', async () => {
    write(
      'hosts',
      ...Array.from({ length: 40_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255} h${n} x${n}`),
    );
    files = new NameFiles({ config: { hosts: [path('hosts')], leases: [] }, clock, log });
    let turns = 0;
    const count = () => {
      turns += 1;
      if (ask('h24999. A') === 'nothing') setImmediate(count);
    };
    count();
    await eventually(() => ask('h24999. A') !== 'nothing');
    expect(turns).toBeGreaterThan(100);
    expect(lines()).toEqual(['warn file /hosts: no more than 50000 addresses are taken']);
  });
});
