// Single values as people write them, in the configuration and on the command line: each reader gives a value or one
// printable sentence, and what it gives is read back as itself where it can be written out.

import fc from 'fast-check';
import { UsageError } from '../../../src/cli/command.ts';
import { buildQuery, readQuestion } from '../../../src/cli/query-question.ts';
import { readServer } from '../../../src/cli/query-server.ts';
import { parseListUrl } from '../../../src/config/filter-schema.ts';
import { formatOrigin, parseNtfyUrl, parseWebhookUrl } from '../../../src/config/notify-url.ts';
import { isPrefix, reverseZonesOf } from '../../../src/config/reverse-zones.ts';
import { parsePin } from '../../../src/config/schema-forms.ts';
import {
  formatSocketAddress,
  isAddressText,
  parseAddress,
  parseCidr,
  parseSocketAddress,
} from '../../../src/config/socket-address.ts';
import { parseTimeSourceUrl } from '../../../src/config/time-url.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../src/config/units.ts';
import { parseUpstreamUrl } from '../../../src/config/upstream-url.ts';
import { parseHostName } from '../../../src/config/url-parts.ts';
import { maskedUrl, quote, ValueError } from '../../../src/config/value-error.ts';
import { NameSyntaxError } from '../../../src/dns/names.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { readAsPacket } from '../oracle.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

/** Nobody shows it: what stands where a password does. */
const SECRET = 'hunter2';
const DNS_PORT = 53;

const pieces = fc.constantFrom(
  ...[
    'tls',
    'https',
    'http',
    'ntp',
    'udp',
    '://',
    '/',
    '//',
    '?',
    '#',
    '@',
    ':',
    '[',
    ']',
    '%',
    '%20',
    '{?dns}',
    '.',
    '-',
    '_',
    '*',
    ' ',
  ],
  ...[
    '127.0.0.1',
    '::1',
    '[::1]',
    'fe80::1%eth0',
    '::ffff:1.2.3.4',
    '10.0.0.0',
    '/8',
    '/0',
    '/33',
    '853',
    '65536',
    '0',
    'dns.example',
    'localhost',
  ],
  ...[
    '500',
    'ms',
    's',
    'd',
    'MiB',
    'kB',
    'sha256/',
    'A'.repeat(43),
    '=',
    'xn--',
    'ü',
    '\0',
    '\u202e',
    'a'.repeat(64),
  ],
);

export const configValues: FuzzTarget<string> = {
  name: 'config-values',
  oracle: 'one printable sentence, reading back, and dns-packet',
  runs: 3000,
  input: fc.oneof(
    fc.array(pieces, { maxLength: 8 }).map((some) => some.join('')),
    fc.oneof(fc.ipV4(), fc.ipV6(), fc.webUrl({ validSchemes: ['tls', 'https', 'ntp'] }), fc.domain()),
    anyText,
  ),
  holds(text) {
    mustReadBack(text, parseDuration, formatDuration);
    mustReadBack(text, parseSize, formatSize);
    mustReadBack(text, (written) => parseSocketAddress(written, DNS_PORT), formatSocketAddress);
    mustReadBack(text, parseAddress, ({ address }) => address);
    mustReadBack(text, parseCidr, (cidr) => cidr);
    mustReadBack(text, parseHostName, (name) => name);
    mustReadBack(text, parseListUrl, (url) => url);
    mustReadBack(text, parsePin, (pin) => pin);
    for (const read of [parseWebhookUrl, parseNtfyUrl])
      mustReadBack(text, read, (url) => formatOrigin(url) + url.target);
    const url = orSentence(() => parseUpstreamUrl(text));
    must(
      url === null || url.protocol === 'tls' || url.path.startsWith('/'),
      'an upstream of https has a path',
    );
    orSentence(() => parseTimeSourceUrl(text));
    orSentence(() => readServer(text, undefined));
    must(typeof isAddressText(text) === 'boolean', 'an address or none');
    const zones = isPrefix(text) ? orSentence(() => reverseZonesOf(text)) : null;
    must(zones === null || zones.length > 0, 'a prefix has reverse zones');
    for (const operands of [[text], [text, 'MX'], ['a.example', text]]) mustBeAsked(operands);
    mustHideSecrets(text);
    mustHidePaths(text);
  },
};

function mustReadBack<Value>(
  text: string,
  read: (text: string) => Value,
  write: (value: Value) => string,
): void {
  const value = orSentence(() => read(text));
  if (value !== null) mustEqual(read(write(value)), value, `${JSON.stringify(text)} read back`);
}

/** Null where it is refused in words. @throws whatever else is thrown, and Broken for words that would leave their line */
function orSentence<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (![ValueError, UsageError, NameSyntaxError].some((kind) => error instanceof kind)) throw error;
    const { message } = error as Error;
    // Who shows the words of a wrong name makes them printable, as formatProblem and the log do.
    const isPrintable = !/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/.test(message);
    must(
      message !== '' && (isPrintable || error instanceof NameSyntaxError),
      'a refusal is one printable sentence',
    );
    return null;
  }
}

function mustBeAsked(operands: readonly string[]): void {
  const question = orSentence(() => readQuestion(operands, false));
  if (question === null) return;
  const query = buildQuery(question, { id: 7, dnssecOk: true, checkingDisabled: false, pads: true });
  mustEqual(readAsPacket(query).additionals.length, 1, 'records of a query');
  mustEqual(query.length % 128, 0, 'padding of a query');
}

/** Whatever stands around it. */
function mustHideSecrets(text: string): void {
  for (const url of [`https://user:${SECRET}@${text}`, `https://${text}?key=${SECRET}`])
    if (URL.canParse(url) && !text.includes('#')) {
      must(!maskedUrl(url).includes(SECRET), 'a URL is shown without its secrets');
      must(!quote(url).includes(SECRET), 'and so in a sentence');
    }
}

/** Of where a message goes no sentence has more than scheme and host. */
function mustHidePaths(text: string): void {
  for (const url of [`https://${text}/${SECRET}`, `http://${text}?${SECRET}`, `${text}/${SECRET}`])
    for (const read of [parseWebhookUrl, parseNtfyUrl])
      try {
        read(url);
      } catch (error) {
        must(
          !(error as Error).message.includes(SECRET),
          'a sentence about a URL of notify is without its path',
        );
      }
}
