// `noonmark health`: 0 while a server answers, whatever else is wrong with it or with its configuration; else 1.

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { AdminListener } from '../../../src/admin/admin-listener.ts';
import { controlSocketPath } from '../../../src/admin/control-socket-path.ts';
import { EXIT, UsageError } from '../../../src/cli/command.ts';
import { health } from '../../../src/cli/health.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { adminDoor } from '../../support/admin-subjects.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { newPlace, run, serveSubject } from './control-runs.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const listeners: AdminListener[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(listeners.splice(0).map((listener) => listener.stop(0)));
});

describe('healthy', () => {
  it('is a server that answers, even one that cannot say how it is', async () => {
    const place = newPlace();
    const status = () => {
      throw new Error('broken');
    };
    await serveSubject(place, { status });
    expect(await run(health, ['--config', place.configFile])).toEqual({
      code: EXIT.OK,
      out: 'ok\n',
      err: '',
    });
  });

  it('is one whose configuration is being edited and makes no sense now', async () => {
    const place = newPlace();
    await serveSubject(place, {});
    appendFileSync(place.configFile, 'listne: {half: writ\n}');
    expect(() => loadConfig(place.configFile)).toThrow();
    expect((await run(health, ['--config', place.configFile])).code).toBe(EXIT.OK);
  });

  it('is one that could not make its socket, where its admin listener answers', async () => {
    const { configFile, stateDir } = newPlace();
    const address = { address: '127.0.0.1', port: 0, family: 4 } as const;
    const clock = new SimulatedClock();
    const parts = { ...adminDoor(clock), addresses: [address], allowedHosts: () => [], log };
    const listener = new AdminListener(parts);
    listeners.push(listener);
    await listener.start();
    const admin = [`127.0.0.1:${listener.addresses[0]!.port}`];
    writeFileSync(configFile, stringify({ listen: { dns: ['127.0.0.1:5300'], admin }, state_dir: stateDir }));
    expect((await run(health, ['--config', configFile])).code).toBe(EXIT.OK);
    await listener.stop(0);
    expect((await run(health, ['--config', configFile])).code).toBe(EXIT.FAILED);
  });

  it.each([
    ['beside the configuration, where it is written relative to it', 'var/state'],
    ['in the working directory, where it is not written', undefined],
  ])('is looked for %s', async (_where, written) => {
    const { configFile } = newPlace();
    const workingDirectory = temporaryDirectory('health');
    vi.spyOn(process, 'cwd').mockReturnValue(workingDirectory);
    const text = { listen: { dns: ['127.0.0.1:5300'] }, ...(written ? { state_dir: written } : {}) };
    writeFileSync(configFile, stringify(text));
    const stateDir = written ? join(dirname(configFile), written) : join(workingDirectory, 'state');
    expect(loadConfig(configFile).config.stateDir).toBe(stateDir);
    await serveSubject({ stateDir, configFile }, {});
    expect((await run(health, ['--config', configFile])).code).toBe(EXIT.OK);
  });
});

describe('not healthy', () => {
  it('is nobody at the socket, and a file in its place', async () => {
    const { configFile, stateDir } = newPlace();
    const ask = () => run(health, ['--config', configFile]);
    const sentence = (why: string) => `no healthy server at ${controlSocketPath(stateDir)}: ${why}\n`;
    expect(await ask()).toEqual({ code: EXIT.FAILED, out: '', err: sentence('nothing is there') });
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(controlSocketPath(stateDir), '');
    expect(await ask()).toEqual({ code: EXIT.FAILED, out: '', err: sentence('nobody listens') });
  });

  it('is a configuration that cannot be read, which is said', async () => {
    const file = join(dirname(newPlace().configFile), 'none.yaml');
    const { code, err } = await run(health, ['--config', file]);
    expect([code, err]).toEqual([
      EXIT.FAILED,
      expect.stringMatching(/none\.yaml: there is no such file; name/),
    ]);
  });

  it('is said in JSON to whoever wants that, and so is health', async () => {
    const place = newPlace();
    const ask = async () => {
      const { code, out, err } = await run(health, ['--json', '--config', place.configFile]);
      return { code, err, said: JSON.parse(out) };
    };
    const reason = `no healthy server at ${controlSocketPath(place.stateDir)}: nothing is there`;
    expect(await ask()).toEqual({ code: EXIT.FAILED, err: '', said: { healthy: false, reason } });
    await serveSubject(place, {});
    expect(await ask()).toEqual({ code: EXIT.OK, err: '', said: { healthy: true, reason: null } });
  });

  it('is not what a wrong command line means', async () => {
    await expect(run(health, ['now'])).rejects.toThrow(UsageError);
  });
});
