// A configuration read again under a running app: what is said of it, once, what stays as it was, and what the status is
// told of one that cannot be taken over. That files are looked at by themselves is test/e2e/reload.test.ts.

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Reloading } from '../../../src/cli/reloading.ts';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { newPlace } from './control-runs.ts';

const GOOD = 'listen: {dns: ["127.0.0.1:5300"]}\nupstreams: [{url: tls://192.0.2.1}]\ntime: {sources: []}\n';

let file: string;
let log: RecordedLog;
let reloading: Reloading;
const app = {
  reload: vi.fn(async (_: Config) => {}),
  noteReload: vi.fn(),
  refetchLists: vi.fn(),
  addresses: { udp: [], tcp: [], dot: [], doh: [], admin: [] },
};

beforeEach(() => {
  file = newPlace().configFile;
  log = new RecordedLog();
  vi.clearAllMocks();
  open(GOOD);
});
afterEach(() => reloading.close());

function open(text: string): void {
  reloading?.close();
  writeFileSync(file, text);
  const loaded = loadConfig(file);
  const clock = new SimulatedClock();
  const logOptions = { ...loaded.config.log };
  reloading = new Reloading({ ...{ app, file, loaded, clock, log, logOptions }, started: Promise.resolve() });
  log.lines.length = 0;
  reloading.sayCircles(); // as serve does, once it has started
}

async function reloadWith(text: string): Promise<string[]> {
  writeFileSync(file, text);
  log.lines.length = 0;
  await reloading.reload('files');
  return log.lines.map(({ line }) => line.replaceAll(dirname(file), ''));
}

const changed = () => log.lines.find(({ line }) => line === 'info reloaded')?.fields.changed;

describe('what has changed', () => {
  it('is said by the keys as they are written', async () => {
    await reloadWith(`${GOOD}certs_dir: other\nlog: {level: warn}\n`);
    expect(changed()).toEqual(['certs_dir', 'log']);
  });

  it('is said to be nothing where it is', async () => {
    expect(await reloadWith(GOOD)).toEqual(['info reloaded']);
    expect(changed()).toEqual(['nothing']);
  });
});

describe('warnings', () => {
  const WARNED = GOOD.replace(/upstreams.*\n/, '');

  it('are said when they are new, and again only when they have been gone', async () => {
    const warning = expect.stringMatching(/^warn .*no upstream is written/);
    expect(await reloadWith(WARNED)).toEqual([warning, 'info reloaded']);
    expect(await reloadWith(`${WARNED}log: {level: warn}\n`)).toEqual(['info reloaded']);
    expect(await reloadWith(GOOD)).toEqual(['info reloaded']);
    expect(await reloadWith(WARNED)).toEqual([warning, 'info reloaded']);
  });

  it('of the start are not said again', async () => {
    open(WARNED);
    expect(await reloadWith(`${WARNED}log: {level: warn}\n`)).toEqual(['info reloaded']);
  });

  it('of circles neither', async () => {
    expect(log.lines).toMatchObject([{ line: expect.stringMatching(/^warn there is no time source/) }]);
    expect(await reloadWith(`${GOOD}log: {level: warn}\n`)).toEqual(['info reloaded']);
    const byName = GOOD.replace('[]', '[{url: ntp://time.example}]');
    expect((await reloadWith(byName)).slice(0, 1)).toEqual(['info reloaded']);
    expect(log.lines.length).toBeGreaterThan(1);
    expect(await reloadWith(`${byName}log: {level: warn}\n`)).toEqual(['info reloaded']);
  });
});

describe('another state_dir', () => {
  it('counts at the next start, which is said once; until then the old one stays', async () => {
    const { stateDir } = loadConfig(file).config;
    const elsewhere = `${GOOD}state_dir: elsewhere\n`;
    const [warning, ...rest] = await reloadWith(elsewhere);
    expect(warning).toMatch(
      /^warn \/noonmark\.yaml: state_dir: \/elsewhere counts at the next start, .* keeps to .*state,/,
    );
    expect(rest).toEqual(['info reloaded']);
    expect(changed()).toEqual(['nothing']);
    expect(app.reload.mock.calls.at(-1)![0].stateDir).toBe(stateDir);
    expect(await reloadWith(`${elsewhere}log: {level: warn}\n`)).toEqual(['info reloaded']);
    expect(await reloadWith(GOOD)).toEqual(['info reloaded']);
  });
});

describe('one that cannot be taken over', () => {
  it('is noted with its first problem and how many there are besides, until one can be', async () => {
    expect(await reloadWith(`listne: 7\nzoens: 8\n${GOOD}`)).toEqual([
      'error reload failed; what was served before goes on',
    ]);
    expect(app.reload).not.toHaveBeenCalled();
    expect(app.noteReload.mock.calls).toEqual([
      [{ problem: expect.stringMatching(/noonmark\.yaml:1: .*`listne`/), more: 1 }],
    ]);
    await reloadWith(GOOD);
    expect(app.noteReload).toHaveBeenLastCalledWith(null);
  });

  it('is noted too where only the app can tell', async () => {
    app.reload.mockRejectedValueOnce(new Error(`${join('certs', 'ca.pem')} is no CA`));
    await reloadWith(GOOD);
    expect(app.noteReload.mock.calls).toEqual([[{ problem: 'certs/ca.pem is no CA', more: 0 }]]);
  });
});
