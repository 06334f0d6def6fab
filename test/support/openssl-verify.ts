// The oracle of the verdict tests: `openssl verify -attime`, the command, on the same chain and the same demands.
// Another OpenSSL (the distribution's) in another process, through another interface than the code under test.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toPem } from './pki.ts';

const run = promisify(execFile);

export interface OracleQuestion {
  readonly chain: readonly Uint8Array[];
  /** PEM text of the trust anchors. */
  readonly anchors: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Not given: the name is not looked at. */
  readonly name?: string;
}

/** Makes an oracle that keeps its files in `directory`; it says whether `openssl verify` accepts. */
export function createOracle(directory: string): (question: OracleQuestion) => Promise<boolean> {
  const kept = new Map<string, string>();
  const fileOf = (text: string): string => {
    const file = kept.get(text) ?? join(directory, `${randomUUID()}.pem`);
    if (!kept.has(text)) writeFileSync(file, text);
    kept.set(text, file);
    return file;
  };
  return async ({ chain, anchors, at, name }) => {
    const [leaf, ...others] = chain.map(toPem);
    const demands = [
      ...['-attime', String(Math.floor(at / 1000)), '-purpose', 'sslserver', '-auth_level', '2'],
      ...['-no-CApath', '-no-CAstore', '-CAfile', fileOf(anchors)],
      ...(others.length > 0 ? ['-untrusted', fileOf(others.join(''))] : []),
      ...(name === undefined ? [] : [isIP(name) ? '-verify_ip' : '-verify_hostname', name]),
    ];
    try {
      const { stdout } = await run('openssl', ['verify', ...demands, fileOf(leaf ?? '')]);
      return /: OK$/m.test(stdout);
    } catch (error) {
      // Exit code 2 is a refusal; anything else (no such command, a wrong option) must not pass for one.
      if ((error as { code?: unknown }).code === 2) return false;
      throw error;
    }
  };
}
