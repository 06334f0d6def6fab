// Who is told of troubles, from what is written: one way each, none of them twice, and keys only where they mean something.
// Files with tokens, and the program, are read and started at each use, so that what is wrong with them today is a warning.

import ipaddr from 'ipaddr.js';
import type { z } from 'zod';
import type { NotifyChannelConfig, NotifyConfig, NotifyTopic } from './config.ts';
import type { NamedFiles } from './named-files.ts';
import { NOTIFY_AFTER, NOTIFY_TOPICS, type notify } from './notify-schema.ts';
import { formatOrigin, type NotifyUrl } from './notify-url.ts';
import type { Path, Report } from './problems.ts';

type Written = NonNullable<z.output<typeof notify>>[number];

export interface NotifyContext {
  /** Makes a written path absolute. */
  readonly absolute: (path: string) => string;
  readonly files: NamedFiles;
}

/** What a list or a lease file lacks waits until somebody looks. */
const DEFAULT_TOPICS: readonly NotifyTopic[] = NOTIFY_TOPICS.filter(
  (topic) => topic !== 'lists' && topic !== 'names',
);
const WAYS = ['webhook', 'ntfy', 'command'] as const;
const ONE_WAY = 'write one of webhook, ntfy and command';

export function readNotify(
  written: readonly Written[] | undefined,
  context: NotifyContext,
  report: Report,
): NotifyConfig[] {
  const firstAt = new Map<string, number>();
  // Holes stand where an entry has a wrong form (right-sections.ts): flatMap passes over them.
  return (written ?? []).flatMap((entry, position) => {
    const path: Path = ['notify', position];
    const channel = readChannel(entry, path, context, report);
    if (channel === null) return [];
    const place = channel.kind === 'command' ? channel.program : formatOrigin(channel) + channel.target;
    const before = firstAt.get(place);
    if (before !== undefined)
      report.error(path, `this is where notify[${before}] goes already; keep one of them`);
    firstAt.set(place, before ?? position);
    const { after: afterMs = NOTIFY_AFTER.default } = entry;
    return [{ channel, place: `notify[${position}]`, about: readTopics(entry, path, report), afterMs }];
  });
}

function readChannel(
  entry: Written,
  path: Path,
  context: NotifyContext,
  report: Report,
): NotifyChannelConfig | null {
  const ways = WAYS.filter((way) => entry[way] !== undefined);
  if (ways.length !== 1) {
    const found =
      ways.length === 0 ? 'nothing says where this goes' : `${ways.join(' and ')} exclude each other`;
    // Where it says so and is wrong, that has been said.
    if (!report.hasErrorIn(path)) report.error(path, `${found}; ${ONE_WAY}`);
    return null;
  }
  const { webhook, ntfy, command } = entry;
  if (command !== undefined) return readCommand(command, entry, path, context, report);
  const kind = webhook === undefined ? 'ntfy' : 'webhook';
  return readUrl(kind, (webhook ?? ntfy)!, entry, path, context, report);
}

function readCommand(
  command: string,
  { token_file, ca_file, addresses }: Written,
  path: Path,
  { absolute, files }: NotifyContext,
  report: Report,
): NotifyChannelConfig {
  for (const [key, value] of Object.entries({ token_file, ca_file, addresses })) {
    if (value === undefined) continue;
    report.error([...path, key], `a program is not sent to; delete \`${key}\`, which is for a URL`);
  }
  const program = absolute(command);
  const problem = files.programProblem(program);
  if (problem !== null) {
    const advice = /\s/.test(command)
      ? ' (a program stands here alone, without arguments; put those into a script)'
      : '';
    report.warning([...path, 'command'], `${problem}${advice}; until that is mended, nobody is told by it`);
  }
  return { kind: 'command', program };
}

function readUrl(
  kind: 'webhook' | 'ntfy',
  url: NotifyUrl,
  entry: Written,
  path: Path,
  { absolute, files }: NotifyContext,
  report: Report,
): NotifyChannelConfig {
  const { token_file: tokenFile, ca_file: caFile, addresses = [] } = entry;
  const refuse = (key: string, message: string) => report.error([...path, key], message);
  if (url.isAddress && addresses.length > 0)
    refuse('addresses', 'the URL has an address already; delete `addresses`, or write the name in the URL');
  if (caFile !== undefined) {
    const problem =
      url.protocol === 'http'
        ? 'a server that is asked without TLS shows no certificate; delete `ca_file`, or write https:// in the URL'
        : files.caProblem(absolute(caFile));
    if (problem !== null) refuse('ca_file', problem);
  }
  if (tokenFile !== undefined) {
    const problem = files.secretProblem(absolute(tokenFile));
    if (problem !== null)
      report.warning([...path, 'token_file'], `${problem}; until that is mended, nothing is sent there`);
  }
  if (url.protocol === 'http') warnOfPlaintext(url, kind, tokenFile !== undefined, path, report);
  return {
    ...{ kind, ...url, addresses: url.isAddress ? [url.host] : addresses },
    caFile: caFile === undefined ? null : absolute(caFile),
    tokenFile: tokenFile === undefined ? null : absolute(tokenFile),
  };
}

function warnOfPlaintext(
  { host, protocol, port }: NotifyUrl,
  kind: 'webhook' | 'ntfy',
  hasToken: boolean,
  path: Path,
  report: Report,
): void {
  const range = ipaddr.parse(host.split('%', 1)[0]!).range();
  const origin = formatOrigin({ protocol, host, port });
  if (range === 'carrierGradeNat')
    report.warning(
      [...path, kind],
      `${origin} is in the provider's network where there is carrier-grade NAT (RFC 6598), and others there can read what is sent in plaintext; keep it if it is in a VPN of your own, else write https://`,
    );
  if (hasToken && range !== 'loopback')
    report.warning(
      [...path, 'token_file'],
      `the token goes to ${origin} in plaintext, for everybody on the way to read; write https:// in the URL, or a token that is good for nothing else`,
    );
}

function readTopics({ about }: Written, path: Path, report: Report): readonly NotifyTopic[] {
  if (about === undefined) return DEFAULT_TOPICS;
  if (about.length === 0)
    report.error(
      [...path, 'about'],
      'nobody would be told of anything; name what matters, or delete the key',
    );
  if (about.includes('all')) return NOTIFY_TOPICS;
  return NOTIFY_TOPICS.filter((topic) => about.includes(topic));
}
