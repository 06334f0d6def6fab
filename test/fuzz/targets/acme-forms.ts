// What a CA, a provider and the files of certs_dir say in JSON (src/acme): any JSON and any octets are a thing of the
// right shape, or refused in the one way that their reader documents; words for people are printable and bounded; a
// ledger is read back.

import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describeProblem, readProblem } from '../../../src/acme/acme-problem.ts';
import { cloudflareProblem, idOf, readCloudflareReply } from '../../../src/acme/dns/cloudflare-reply.ts';
import { type Ledger, mayOrder, prune, record } from '../../../src/acme/ledger.ts';
import { parseRenewalInfo, RenewalInfoUnusable } from '../../../src/acme/renewal-info.ts';
import { authorizationIn, chainIn, OrderFailed, orderIn } from '../../../src/acme/stated.ts';
import { accountForm, LEDGER_FORM, ORDER_FORM, PAIR_FORM } from '../../../src/acme/stored-forms.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual, unlessRefused } from '../target.ts';

export interface JsonStory {
  readonly value: unknown;
  readonly octets: Buffer;
  readonly status: number;
  readonly retryAfter: string;
  readonly ledger: Ledger;
}

const DIRECTORY = 'https://ca.example/directory';
const NOW_MS = Date.UTC(2026, 10, 22);
const DAY_MS = 86_400_000;
const WORDS_CHARACTERS_MAX = 20_000;
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

const KEYS = [
  ...[
    'version',
    'directory',
    'url',
    'status',
    'authorizations',
    'finalize',
    'certificate',
    'identifier',
    'type',
    'value',
    'wildcard',
    'challenges',
  ],
  ...[
    'token',
    'error',
    'detail',
    'title',
    'subproblems',
    'instance',
    'suggestedWindow',
    'start',
    'end',
    'explanationURL',
    'success',
    'errors',
  ],
  ...[
    'result',
    'result_info',
    'total_count',
    'per_page',
    'code',
    'message',
    'error_chain',
    'id',
    'events',
    'notBefore',
    'failures',
    'names',
  ],
  ...[
    'keyType',
    'keyPem',
    'profile',
    'atMs',
    'kind',
    'identifiers',
    'untilMs',
    'lastAtMs',
    'count',
    '__proto__',
    'constructor',
    'toString',
  ],
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    -1,
    1e300,
    8.64e15,
    8.65e15,
    '',
    'valid',
    'dns',
    'success',
    'failed',
    DIRECTORY,
    KEY,
    'x'.repeat(600),
  ),
  fc.constantFrom<unknown>(
    'urn:ietf:params:acme:error:rateLimited',
    'urn:ietf:params:acme:error:compound',
    'about:blank',
    '2026-11-22T00:00:00Z',
    '0123456789abcdef0123456789abcdef',
  ),
  fc.integer(),
  fc.double(),
  anyText,
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 8, noNullPrototype: true }),
  ),
}));
const identifiers = fc.constantFrom('a.example', '*.example b.example', '', 'a.example b.example');
const ledger: fc.Arbitrary<Ledger> = fc.record({
  events: fc.array(
    fc.record(
      {
        atMs: fc.integer({ min: NOW_MS - 9 * DAY_MS, max: NOW_MS + 2 * DAY_MS }),
        identifiers,
        directory: fc.constantFrom(DIRECTORY, 'x'),
        kind: fc.constantFrom('success', 'failed-validation', 'failed'),
        name: fc.constantFrom('a.example', '*.example'),
      },
      { requiredKeys: ['atMs', 'identifiers', 'directory', 'kind'], noNullPrototype: true },
    ),
    { maxLength: 10 },
  ),
  notBefore: fc.array(
    fc.record(
      { directory: fc.constant(DIRECTORY), identifiers, untilMs: fc.integer() },
      { noNullPrototype: true },
    ),
    { maxLength: 3 },
  ),
  failures: fc.array(
    fc.record(
      {
        directory: fc.constant(DIRECTORY),
        identifiers,
        count: fc.integer({ min: 1, max: 99 }),
        lastAtMs: fc.integer(),
      },
      { noNullPrototype: true },
    ),
    { maxLength: 3 },
  ),
});

export const acmeForms: FuzzTarget<JsonStory> = {
  name: 'acme-forms',
  oracle: 'the documented refusals, printable words, and reading back what is written',
  runs: 1500,
  input: fc.record({
    value,
    octets: fc.uint8Array({ maxLength: 100 }).map((octets) => Buffer.from(octets)),
    status: fc.integer({ min: 100, max: 599 }),
    retryAfter: anyText,
    ledger,
  }),
  holds({ value, octets, status, retryAfter, ledger }) {
    const json = JSON.stringify(value) ?? 'null';
    for (const read of [orderIn, authorizationIn, chainIn])
      unlessRefused(() => read(JSON.parse(json)), OrderFailed);
    for (const body of [Buffer.from(json), octets]) {
      unlessRefused(() => parseRenewalInfo(body), RenewalInfoUnusable);
      mustBeWords(describeProblem(readProblem(status, { 'retry-after': retryAfter }, body), null));
      const reply = readCloudflareReply({ status, body });
      if (reply === null) continue;
      mustBeWords(cloudflareProblem(reply, 'token'));
      for (const one of reply.results)
        must(/^[\da-f]{32}$/.test(idOf(one) ?? '0'.repeat(32)), 'an ID is a part of a path');
    }
    const versioned = JSON.stringify({ version: 1, ...(typeof value === 'object' ? value : {}) });
    for (const form of [accountForm(DIRECTORY), ORDER_FORM, LEDGER_FORM, PAIR_FORM])
      for (const text of [json, versioned, octets.toString('latin1')]) form.parse(text);
    const wild = LEDGER_FORM.parse(versioned);
    for (const one of [ledger, ...(wild === null ? [] : [wild])]) mustBeUsable(one);
  },
};

function mustBeUsable(ledger: Ledger): void {
  mustEqual(LEDGER_FORM.parse(LEDGER_FORM.write(ledger)), ledger, 'a ledger read back');
  const subject = { directory: DIRECTORY, names: ['b.example', '*.example'] };
  const may = mayOrder(ledger, { ...subject, nowMs: NOW_MS, lifeMs: null });
  if (!may.ok) must(may.untilMs > NOW_MS && may.untilMs <= NOW_MS + 9 * DAY_MS, 'no pause is for ever');
  const later = record(prune(ledger, NOW_MS), {
    atMs: NOW_MS,
    identifiers: '*.example b.example',
    directory: DIRECTORY,
    kind: 'success',
  });
  must(
    !mayOrder(later, { ...subject, nowMs: NOW_MS, lifeMs: null }).ok,
    'a set that was just issued is not ordered again',
  );
}

function mustBeWords(words: string): void {
  must(words.length > 0 && words.length < WORDS_CHARACTERS_MAX, 'words have an end');
  must(!/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/.test(words), 'words are printable');
}
