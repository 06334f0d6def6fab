// Files with keys (src/timesync/ntp-key-file.ts, acme/dns/tsig-key-file.ts): what chrony and tsig-keygen write is read,
// any text is keys or a refusal with file and line, and no refusal repeats a word that may be the secret.

import fc from 'fast-check';
import { readTsigKey, TsigKeyFileError } from '../../../src/acme/dns/tsig-key-file.ts';
import { formatWithoutDot } from '../../../src/dns/names.ts';
import { TSIG_ALGORITHMS } from '../../../src/dns/tsig.ts';
import { NtpKeyFileError, readNtpKeys } from '../../../src/timesync/ntp-key-file.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface KeyFileTexts {
  readonly ntpText: string;
  readonly tsigText: string;
  readonly secret: Buffer;
  readonly name: string;
  readonly algorithm: (typeof TSIG_ALGORITHMS)[number];
}

const FILE = '/etc/noonmark/keys';
/** Both as a secret in hexadecimal and in base64 may look. */
const SECRET = 'c0ffeec0ffeec0ffeec0ffee';
const ntpWords = fc.constantFrom(
  ...[
    '1',
    '0',
    '4294967296',
    'MD5',
    'SHA1',
    'AES128',
    'SHA512',
    'XXX',
    'HEX:',
    'hex:',
    'ASCII:',
    SECRET,
    `HEX:${SECRET}`,
    '!',
    '#',
    ' ',
    '\t',
    '\n',
    '\r\n',
    'ü',
    '\0',
  ],
);
const tsigWords = fc.constantFrom(
  ...[
    'key',
    '"home."',
    'home',
    '{',
    '}',
    ';',
    'algorithm',
    'hmac-sha256',
    'hmac-md5',
    'secret',
    `"${SECRET}="`,
    SECRET,
    '"',
    '/*',
    '*/',
    '//',
    '#',
    ' ',
    '\n',
    '..',
    'ü',
  ],
);
/** A file as it should be, with some of its words left out, repeated or others. */
const nearly = (whole: readonly string[], words: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(0, 1, 2), words), { maxLength: 3 })
    .map((changes) => {
      const copy = [...whole];
      for (const [at, cut, word] of changes) copy.splice(at, cut, word);
      return copy.join(' ');
    });
const NTP_FILE = ['1', 'MD5', `HEX:${SECRET}`, '\n', '2', 'AES128', `ASCII:${SECRET}`, '\n'];
const TSIG_FILE = [
  'key',
  '"home."',
  '{',
  'algorithm',
  'hmac-sha256',
  ';',
  'secret',
  `"${SECRET}="`,
  ';',
  '}',
  ';',
];
const textOf = (words: fc.Arbitrary<string>) =>
  fc.tuple(fc.array(words, { maxLength: 20 }), fc.constantFrom('', ' ')).map(([some, by]) => some.join(by));

export const keyFiles: FuzzTarget<KeyFileTexts> = {
  name: 'key-files',
  oracle: 'reading back what is written, and no word of the secret in a refusal',
  runs: 3000,
  input: fc.record({
    ntpText: fc.oneof(nearly(NTP_FILE, ntpWords), textOf(ntpWords), anyText),
    tsigText: fc.oneof(nearly(TSIG_FILE, tsigWords), textOf(tsigWords), anyText),
    secret: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => Buffer.from(octets)),
    name: fc.domain(),
    algorithm: fc.constantFrom(...TSIG_ALGORITHMS),
  }),
  holds({ ntpText, tsigText, secret, name, algorithm }) {
    const keys = readNtpKeys(`# keys\n7 AES128 HEX:${secret.toString('hex')}\n`, FILE);
    mustEqual(
      [keys.get(7)?.type, Buffer.from(keys.get(7)!.secret).toString('hex')],
      ['AES128', secret.toString('hex')],
      'a key of chrony',
    );
    const tsig = readTsigKey(
      `key "${name}" {\n\talgorithm ${algorithm};\n\tsecret "${secret.toString('base64')}";\n};\n`,
      FILE,
    );
    mustEqual(
      [formatWithoutDot(tsig.name), tsig.algorithm, tsig.secret.export().toString('hex')],
      [name.toLowerCase(), algorithm, secret.toString('hex')],
      'a TSIG key',
    );
    mustRefuseQuietly(() => readNtpKeys(ntpText, FILE), NtpKeyFileError, ntpText);
    mustRefuseQuietly(() => readTsigKey(tsigText, FILE), TsigKeyFileError, tsigText);
  },
};

function mustRefuseQuietly(read: () => unknown, kind: new (...args: never[]) => Error, text: string): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
    must(!error.message.includes(SECRET), 'a refusal keeps the secret');
    for (const problem of error.message.split('\n')) {
      const line = Number(/^\/etc\/noonmark\/keys:(\d+): /.exec(problem)?.[1]);
      must(line >= 1 && line <= text.split('\n').length, `"${problem}" has its line`);
    }
  }
}
