// What may be written under `notify`: who is told when something goes wrong, by which way, of what, and how soon.
// A part of schema.ts; rules between the keys are in notify-rules.ts. No sentence repeats what may be a secret.

import { z } from 'zod';
import type { NotifyTopic } from './config.ts';
import { ENTRIES_MAX } from './limits.ts';
import { parseNtfyUrl, parseWebhookUrl } from './notify-url.ts';
import { address, choiceSentence, duration, filePath, text } from './schema-forms.ts';
import { ValueError } from './value-error.ts';

export const NOTIFY_TOPICS = [
  'clock',
  'upstreams',
  'certificate',
  'addresses',
  'configuration',
  'names',
  'lists',
] as const satisfies readonly NotifyTopic[];

const ALL = 'all';

/** A change of the network, a restart of the router and a slow morning are over by then. */
export const NOTIFY_AFTER = {
  default: 30_000,
  min: 1_000,
  max: 3_600_000,
  what: 'How long something must have stood before anybody is told of it',
} as const;

/** @throws ValueError */
function parseTopic(written: string): NotifyTopic | typeof ALL {
  const words = [...NOTIFY_TOPICS, ALL] as const;
  const topic = words.find((word) => word === written);
  if (topic !== undefined) return topic;
  throw new ValueError(choiceSentence(written, words));
}

/** The commonest slip: where it goes as a bare text, which may be a secret. */
const bareEntry = ({ input }: { input?: unknown }) =>
  typeof input === 'string'
    ? 'an entry has keys; write "- webhook: …", "- ntfy: …" or "- command: …"'
    : undefined;

const entry = z.strictObject(
  {
    webhook: text(parseWebhookUrl, {
      description:
        'URL that a JSON object is sent to by POST; https, or http to an address of the own network',
      examples: ['https://hooks.example/noonmark', 'http://192.168.1.5:8123/api/webhook/ID'],
    }).optional(),
    ntfy: text(parseNtfyUrl, {
      description: 'URL of an ntfy topic; https, or http to an address of the own network',
      examples: ['https://ntfy.sh/TOPIC'],
    }).optional(),
    command: filePath(
      'A program that is given the text on its standard input, without arguments and without a shell',
    ).optional(),
    token_file: filePath('File with a token that is sent as Authorization: Bearer').optional(),
    ca_file: filePath('PEM file of the CA to trust for this URL, in place of the public roots').optional(),
    addresses: z
      .array(address())
      .max(ENTRIES_MAX.addresses)
      .optional()
      .describe('Where to connect to, so that nobody needs to look the name up'),
    about: z
      .array(text(parseTopic, { examples: [...NOTIFY_TOPICS, ALL] }))
      .max(NOTIFY_TOPICS.length + 1)
      .optional()
      .describe('What to tell of; all but names and lists unless written'),
    after: duration(NOTIFY_AFTER).optional(),
  },
  { error: bareEntry },
);

export const notify = z
  .array(entry)
  .max(ENTRIES_MAX.notify)
  .optional()
  .describe('Who is told when something goes wrong and when it is over; nobody unless written');
