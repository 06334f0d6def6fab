// What may be written in the file: every key, its form, its default and the text that people read about it.
// The one source of the JSON Schema (write-json-schema.ts) and of the forms that parse.ts takes; rules between keys
// (duplicates, circles, names inside zones) are in the *-rules.ts files.

import { z } from 'zod';
import { LOG_LEVELS } from '../observe/log.ts';
import { admin } from './admin-schema.ts';
import { certificate } from './certificate-schema.ts';
import type { AccessRange } from './config.ts';
import { filter } from './filter-schema.ts';
import { forward } from './forward-schema.ts';
import { CACHE_OCTETS, ENTRIES_MAX, LIMITS, type LimitRow } from './limits.ts';
import { hosts, leases } from './name-files-schema.ts';
import { notify } from './notify-schema.ts';
import { rebinding } from './rebinding-schema.ts';
import {
  address,
  choice,
  choiceSentence,
  describeValue,
  duration,
  filePath,
  missing,
  onOrOff,
  pins,
  size,
  text,
  wholeNumber,
} from './schema-forms.ts';
import { parseCidr, parseSocketAddress } from './socket-address.ts';
import { suggest } from './suggest.ts';
import { time } from './time-schema.ts';
import { parseUpstreamUrl } from './upstream-url.ts';
import { quote, ValueError } from './value-error.ts';

/** Ports of listen addresses that are written without one; all but 8080 are IANA's. */
export const DEFAULT_PORTS = { dns: 53, dot: 853, doh: 443, admin: 8080, ntp: 123 } as const;

const ACCESS_WORDS = ['loopback', 'private', 'local'] as const;

function parseAccessRange(written: string): AccessRange {
  const word = ACCESS_WORDS.find((known) => known === written);
  if (word) return word;
  if (!/^[a-z_-]+$/i.test(written)) return { cidr: parseCidr(written) };
  const near = suggest(written, ACCESS_WORDS);
  const advice = near
    ? `did you mean ${near}?`
    : `write ${ACCESS_WORDS.join(', ')} or a prefix such as 192.168.0.0/16`;
  throw new ValueError(`${quote(written)} is not a known range; ${advice}`);
}

const listenAddresses = (key: keyof typeof DEFAULT_PORTS, what: string) =>
  z
    .array(
      text((written) => parseSocketAddress(written, DEFAULT_PORTS[key]), {
        examples: ['192.168.1.2', `[::1]:${DEFAULT_PORTS[key]}`, `[fe80::1%eth0]:${DEFAULT_PORTS[key]}`],
      }),
    )
    .max(ENTRIES_MAX.listen)
    .optional()
    .describe(`${what}; port ${DEFAULT_PORTS[key]} unless written`);

const listen = z
  .strictObject({
    dns: listenAddresses('dns', 'Plain DNS, over UDP and TCP'),
    dot: listenAddresses('dot', 'DNS over TLS'),
    doh: listenAddresses('doh', 'DNS over HTTPS, at /dns-query'),
    admin: listenAddresses('admin', 'Dashboard, API, metrics and health'),
    ntp: listenAddresses('ntp', 'NTP for the network (not in this release)'),
  })
  .optional()
  .describe('Where to listen; without this key, plain DNS on 127.0.0.1:53 and [::1]:53');

const access = z
  .strictObject({
    allow: z
      .array(text(parseAccessRange, { examples: [...ACCESS_WORDS, '192.168.0.0/16'] }))
      .max(ENTRIES_MAX.allow)
      .optional()
      .describe(
        'Who is answered: loopback, private, local (the on-link prefixes of this host), prefixes; the three words unless written',
      ),
  })
  .optional()
  .describe('Who may ask, alike on every listener');

/** The commonest slip of all: an upstream as a bare text. */
const bareUrl = ({ input }: { input?: unknown }) =>
  typeof input === 'string' ? `an upstream is an entry with keys; write "- url: ${input}"` : undefined;

const upstream = z
  .strictObject(
    {
      url: text(
        parseUpstreamUrl,
        {
          description:
            'How to ask it: tls://HOST or https://HOST/PATH, HOST being a name or an address; with :PORT where it is not 853 or 443, and /dns-query where no path is written',
          examples: ['tls://dns.quad9.net', 'tls://[2620:fe::fe]:853', 'https://dns.quad9.net/dns-query'],
        },
        missing('an upstream needs a `url`, such as tls://dns.quad9.net'),
      ),
      addresses: z
        .array(address())
        .max(ENTRIES_MAX.addresses)
        .optional()
        .describe(
          'Where to connect to; needed when the url has a name, since nothing can look that name up first',
        ),
      ca_file: filePath(
        'PEM file of the CA to trust for this upstream, in place of the public roots',
      ).optional(),
      pins: pins(),
    },
    { error: bareUrl },
  )
  .describe('A resolver for the names of the world, asked over verified TLS or HTTPS only');

const zone = z
  .strictObject({
    records: z
      .array(z.string().meta({ examples: ['nas 300 A 192.168.1.20', '@ MX 10 mail'] }))
      .optional()
      .describe('Records as in a master file: name, TTL (may be left out), type, value'),
    file: filePath('A master file (RFC 1035 section 5), read again when it changes').optional(),
  })
  .optional()
  .describe('One zone; in an empty one no name exists');

const cache = z
  .strictObject({
    max_bytes: size({ ...CACHE_OCTETS, what: 'Memory for answers' }).optional(),
    persist: onOrOff('Keep answers over a restart, in state_dir', 'on'),
  })
  .optional()
  .describe('Answers kept for the next who asks');

const QUERY_LOGS = ['off', 'anonymised', 'full'] as const;

const log = z
  .strictObject({
    level: choice(LOG_LEVELS, { description: 'The least that is logged', default: 'info' }),
    queries: z
      .union([z.literal(false), z.enum(QUERY_LOGS)], {
        error: ({ input }) => choiceSentence(input, QUERY_LOGS),
      })
      .meta({
        description: "One line a query: off, with the client's network only (anonymised: /24, /48), or full",
        default: 'off',
      })
      .transform((written) => written || 'off')
      .optional(),
    format: choice(['text', 'json'], { description: 'For people or for machines', default: 'text' }),
  })
  .optional()
  .describe('The log, on standard error');

const WORKERS_MAX = 8;

const workers = z
  .literal(['auto', ...Array.from({ length: WORKERS_MAX + 1 }, (_, count) => count)], {
    error: ({ input }) =>
      `${describeValue(input)} does not fit; write auto, or a whole number of 0 to ${WORKERS_MAX}`,
  })
  .meta({
    description: 'Threads that answer UDP queries from the cache beside the main one',
    default: 'auto',
  })
  .optional();

function limit(row: LimitRow) {
  if (row.kind === 'duration') return duration(row).optional();
  return wholeNumber(row.min, row.max, { description: row.what, default: row.default }).optional();
}

export const configSchema = z
  .strictObject({
    listen,
    admin,
    access,
    upstreams: z
      .array(upstream)
      .max(ENTRIES_MAX.upstreams)
      .optional()
      .describe('Resolvers for the names of the world; without any, only internal names are answered'),
    forward,
    zones: z.record(z.string(), zone).optional().describe('Internal names, answered whatever happens'),
    hosts,
    leases,
    filter,
    certificate,
    time,
    cache,
    rebinding,
    certs_dir: filePath(
      'Issued and local certificates; `certs` in the working directory unless written',
    ).optional(),
    state_dir: filePath(
      'What outlives a restart; `state` in the working directory unless written',
    ).optional(),
    workers,
    log,
    limits: z
      .strictObject(Object.fromEntries(Object.values(LIMITS).map((row) => [row.key, limit(row)])))
      .optional()
      .describe('Bounds that keep the server alive'),
    notify,
  })
  .describe('Noonmark: every key is explained in docs/configuration.md');

/** A piece of JSON Schema, as far as the keys of the file need it. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

/** JSON Schema (draft 2020-12) of what may be written. */
export function jsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
}
