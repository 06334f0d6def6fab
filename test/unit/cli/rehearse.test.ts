// `noonmark rehearse` where it does not come to a rehearsal; the real one is test/e2e/rehearse.test.ts.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT, UsageError } from '../../../src/cli/command.ts';
import { rehearse } from '../../../src/cli/rehearse.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { run } from './control-runs.ts';

describe('rehearse', () => {
  it('ends with 78 for a bad configuration, before anybody is asked', async () => {
    const file = join(temporaryDirectory('rehearse'), 'bad.yaml');
    writeFileSync(file, 'listen: {dns: [localhost]}\nupstreams: [{url: "tls://dns.example"}]\n');
    const { code, out, err } = await run(rehearse, ['--config', file, '--json']);
    expect([code, out]).toEqual([EXIT.CONFIG, '']);
    expect(err).toMatch(/bad\.yaml:1: listen\.dns\[0\]/);
    expect(err).not.toContain('Rehearsing');
  });

  it('knows no other option', async () => {
    await expect(rehearse.run(['--clock', '1970'])).rejects.toThrow(UsageError);
  });
});
