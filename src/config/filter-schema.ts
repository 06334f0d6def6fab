// What may be written under `filter`: lists, rewrites, groups of clients, and the answer for what is blocked.
// A part of schema.ts; rules between the keys are in filter-rules.ts, and the syntaxes of lists in lists/rules.ts.

import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { type NameKey, NameSyntaxError, nameKey, ROOT } from '../dns/names.ts';
import type { BlockedAnswer, RewriteConfig } from './config.ts';
import { ENTRIES_MAX } from './limits.ts';
import { duration, filePath, missing, onOrOff, text } from './schema-forms.ts';
import { isAddressText, parseAddress, parseCidr } from './socket-address.ts';
import { suggest } from './suggest.ts';
import { hostForm, parseHost, splitUrl } from './url-parts.ts';
import { maskedUrl, printable, quote, ValueError } from './value-error.ts';

/** Lists change once a day or so; asking more often than hourly earns a house a place on somebody's own list. */
export const LIST_EVERY = {
  default: 86_400_000,
  min: 3_600_000,
  max: 7 * 86_400_000,
  what: 'How often a list from a URL is asked for again',
} as const;

const ANSWER_WORDS = ['nxdomain', 'zero'] as const;
/** It stands in extended errors and in columns of a terminal. */
const TITLE_CHARACTERS_MAX = 63;
const URL_CHARACTERS_MAX = 2048;
const HTTPS_PORT = 443;

/** @throws ValueError */
function parseBlockedAnswer(written: string): BlockedAnswer {
  const kind = ANSWER_WORDS.find((word) => word === written.toLowerCase());
  if (kind !== undefined) return { kind };
  if (isAddressText(written)) {
    throw new ValueError(
      `${quote(written)} is an address, which is no answer here; write zero, or a name under \`zones\` that has it`,
    );
  }
  const near = suggest(written, ANSWER_WORDS);
  const advice = near ? `did you mean ${near}?` : 'write nxdomain, zero, or a name such as blocked.home.arpa';
  if (!written.includes('.'))
    throw new ValueError(`${quote(written)} is no answer for blocked names; ${advice}`);
  return { kind: 'name', name: parseTargetName(written, advice) };
}

/** @throws ValueError */
function parseRewriteTarget(written: string): RewriteConfig['to'] {
  const advice = 'write an address, or a whole name such as nas.home.arpa';
  if (isIPv4(written) || isIPv6(written)) return { kind: 'address', address: parseAddress(written).address };
  if (!written.includes('.'))
    throw new ValueError(`${quote(written)} is no address and no whole name; ${advice}`);
  return { kind: 'name', name: parseTargetName(written, advice) };
}

function parseTargetName(written: string, advice: string): NameKey {
  let name = ROOT;
  try {
    name = nameKey(written);
  } catch (error) {
    if (!(error instanceof NameSyntaxError)) throw error;
    throw new ValueError(error.message.includes('; write') ? error.message : `${error.message}; ${advice}`);
  }
  if (name === ROOT) throw new ValueError(`${quote(written)} is the root; ${advice}`);
  if (name.startsWith('\x01*'))
    throw new ValueError(`${quote(written)} is a wildcard, which answers nothing; ${advice}`);
  return name;
}

/** The name of a list or group. @throws ValueError */
function parseTitle(written: string): string {
  const isFit = written.trim() === written && written !== '' && printable(written) === written;
  if (isFit && written.length <= TITLE_CHARACTERS_MAX) return written;
  throw new ValueError(
    `${quote(written)} is no name for it; write 1 to ${TITLE_CHARACTERS_MAX} printable characters, such as ads`,
  );
}

/** In one form, so that equal URLs are equal texts. @throws ValueError */
export function parseListUrl(written: string): string {
  const parts = splitUrl(written);
  const shown = maskedUrl(written);
  const shownParts = splitUrl(shown);
  const advice = `write ${hostForm('https', shownParts?.authority ?? 'lists.example')}${shownParts?.tail || '/hosts.txt'}`;
  if (parts === undefined || shownParts === undefined)
    throw new ValueError(`${quote(shown)} is not a URL; ${advice}, or name a \`file\``);
  if (parts.scheme === 'http') {
    throw new ValueError(`${quote(written)} would let anybody on the way replace the list; ${advice}`);
  }
  if (parts.scheme !== 'https') {
    throw new ValueError(
      `${quote(written)} has the scheme ${parts.scheme}://, which lists are not fetched by; ${advice}`,
    );
  }
  // Of the masked one: it has the same host, and user and password, which are not sent, are refused without repeating them.
  const { host, isAddress, port } = parseHost(shownParts, HTTPS_PORT);
  if (/[^!-~]|#/.test(parts.tail) || written.length > URL_CHARACTERS_MAX) {
    throw new ValueError(
      `${quote(written)} has a fragment or a character that no URL has, or is too long; write it percent-encoded, at most ${URL_CHARACTERS_MAX} characters`,
    );
  }
  const authority = isAddress && isIPv6(host) ? `[${host}]` : host;
  const tail = parts.tail.startsWith('/') ? parts.tail : `/${parts.tail}`;
  return `https://${authority}${port === HTTPS_PORT ? '' : `:${port}`}${tail}`;
}

/** The commonest slip: a list as a bare text. */
const bareList = ({ input }: { input?: unknown }) =>
  typeof input === 'string'
    ? `a list is an entry with keys; write "- {name: ads, ${input.includes('://') ? 'url' : 'file'}: ${quote(input)}}"`
    : undefined;

const list = z.strictObject(
  {
    name: text(
      parseTitle,
      { description: 'For people: the log, extended errors, `query --explain`', examples: ['ads'] },
      missing('a list needs a `name`, such as ads'),
    ),
    url: text(parseListUrl, {
      description: 'Where it is fetched, over verified HTTPS only',
      examples: ['https://lists.example/hosts.txt'],
    }).optional(),
    file: filePath('Where it is on this host, read again when it changes').optional(),
    allow: onOrOff('Names on it are never blocked'),
    every: duration(LIST_EVERY).optional(),
    ca_file: filePath('PEM file of the CA to trust for this URL, in place of the public roots').optional(),
  },
  { error: bareList },
);

const group = z.strictObject({
  name: text(parseTitle, { description: 'For people' }, missing('a group needs a `name`')),
  clients: z
    .array(text(parseCidr, { examples: ['192.168.1.64/27', 'fd00::20'] }))
    .max(ENTRIES_MAX.groupClients)
    .describe('Addresses and prefixes of its clients'),
  lists: z
    .array(z.string())
    .max(ENTRIES_MAX.lists)
    .optional()
    .describe('Names of the lists that count for them; none: nothing is blocked'),
});

export const filter = z
  .strictObject({
    answer: text(parseBlockedAnswer, {
      description:
        'What a blocked name is answered with: nxdomain, zero (0.0.0.0 and ::), or what a name has',
      examples: [...ANSWER_WORDS, 'blocked.home.arpa'],
      default: 'nxdomain',
    }).optional(),
    lists: z.array(list).max(ENTRIES_MAX.lists).optional().describe('Lists of names to block, or to allow'),
    rewrites: z
      .record(
        z.string(),
        text(
          parseRewriteTarget,
          { examples: ['192.168.1.5', 'nas.home.arpa'] },
          missing('this name has no answer; write an address or a name'),
        ),
      )
      .optional()
      .describe(
        'Names that are answered with an address, or with what another name has; *.NAME is all names below',
      ),
    groups: z
      .array(group)
      .max(ENTRIES_MAX.groups)
      .optional()
      .describe('Clients for whom other lists count; the first that holds the address decides'),
  })
  .optional()
  .describe('Names of the world that are blocked or answered otherwise; off unless written');
