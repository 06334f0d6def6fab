// What `npm test` runs: peers, types, lint, then every suite; `--full` adds the long ones.
// Its last line is always "N passed, N failed, N skipped", where types, lint and a missing peer under CI count too.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installPeers } from './install-peers.ts';

const REPOSITORY = resolve(import.meta.dirname, '..');

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const isFull = process.argv.includes('--full');
const isCi = process.env.CI === 'true';
const total: Count = { passed: 0, failed: 0, skipped: 0 };

const missing = installPeers();
if (missing.length > 0 && isCi) {
  console.log(`Under CI a missing peer is a failure: ${missing.join(', ')}`);
  total.failed += missing.length;
}
check('types', 'node_modules/typescript/bin/tsc', '-p', '.');
check('types of the browser scripts', 'node_modules/typescript/bin/tsc', '-p', 'src/web/assets');
check('lint', 'node_modules/@biomejs/biome/bin/biome', 'check');
const suites = runSuites();
total.passed += suites.passed;
total.failed += suites.failed;
total.skipped += suites.skipped;

if (missing.length > 0)
  console.log(`\nNOT RUN for want of ${missing.join(', ')}: see the top of this output.`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Runs a script of a dependency with our own runtime, output straight to the terminal. */
function runScript(script: string, args: readonly string[]): number {
  const env = { ...process.env, ...(isFull ? { NOONMARK_FULL: '1' } : {}) };
  return (
    spawnSync(process.execPath, [script, ...args], { cwd: REPOSITORY, env, stdio: 'inherit' }).status ?? 1
  );
}

function check(what: string, script: string, ...args: string[]): void {
  const passed = runScript(script, args) === 0;
  console.log(`${what}: ${passed ? 'right' : 'wrong'}`);
  total[passed ? 'passed' : 'failed']++;
}

function runSuites(): Count {
  const directory = mkdtempSync(join(tmpdir(), 'noonmark-results-'));
  const file = join(directory, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const config = ['run', '--config', 'test/vitest.config.ts'];
  const status = runScript('node_modules/vitest/vitest.mjs', [...config, ...reporters]);
  const count = countOf(file);
  rmSync(directory, { recursive: true, force: true });
  // Vitest also fails for what no test stands for: an error between tests, or no result at all.
  if (status !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { status: string; assertionResults: readonly { status: string }[] }[];
}

function countOf(file: string): Count {
  let results: VitestResults;
  try {
    results = JSON.parse(readFileSync(file, 'utf8')) as VitestResults;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  // A file that fails before its first test, or in a hook, has no failed test of its own.
  const failedFiles = results.testResults.filter(
    (suite) => suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + failedFiles.length,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}
