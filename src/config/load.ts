// Reads the configuration file and the CA files it names; everything it means is decided in parse.ts.
// The only file here that touches the disk.

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { type ParsedConfig, parseConfig } from './parse.ts';
import { ConfigProblems } from './problems.ts';
import { quote } from './value-error.ts';

/** A thousand zones fit; a disk image named by mistake does not. */
const FILE_OCTETS_MAX = 2 ** 20;

/**
 * The configuration in the file at `path`.
 * @throws ConfigProblems, also where the file cannot be read
 */
export function loadConfig(path: string): ParsedConfig {
  const refuse = (message: string) => new ConfigProblems(path, [{ path: '', line: 0, message }]);
  let octets: Uint8Array;
  try {
    octets = readAtMost(path, FILE_OCTETS_MAX + 1);
  } catch (error) {
    throw refuse(`${reasonOf(error)}; name a file that can be read with --config FILE`);
  }
  if (octets.length > FILE_OCTETS_MAX) throw refuse('the file is over 1 MiB, which no configuration needs');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw refuse('the file is not UTF-8 text; save it as UTF-8');
  }
  return parseConfig(text, { file: path, caFileProblem });
}

/** By descriptor and with an end, so that a pipe works and a device does not fill the memory. */
function readAtMost(path: string, octetsMax: number): Uint8Array {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = new Uint8Array(octetsMax);
    let length = 0;
    for (let read = -1; read !== 0 && length < octetsMax; length += read) {
      read = readSync(descriptor, buffer, length, octetsMax - length, null);
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function caFileProblem(path: string): string | null {
  try {
    if (readFileSync(path, 'latin1').includes('-----BEGIN CERTIFICATE-----')) return null;
    return `${quote(path)} holds no certificate in PEM form; name a file that begins with -----BEGIN CERTIFICATE-----`;
  } catch (error) {
    return `${quote(path)} cannot be used as a CA: ${reasonOf(error)}`;
  }
}

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'the file may not be read by this user'],
  ['EPERM', 'the file may not be read by this user'],
  ['EISDIR', 'it is a directory'],
]);

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS.get(code) ?? `the file cannot be read (${code || message})`;
}
