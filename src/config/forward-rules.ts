// Forwarded zones from the written ones, and what may not be one: the root, a top-level domain of the world, reverse
// zones of public addresses, a zone that stands under `zones`; one below it may, since the longest zone wins. Their
// servers are on the own network, since plain DNS is never sent into the world, and not this server itself.

import ipaddr from 'ipaddr.js';
import type { z } from 'zod';
import { formatWithoutDot, isAtOrBelow, type NameKey, NameSyntaxError, nameKey, ROOT } from '../dns/names.ts';
import type { ForwardConfig, SocketAddress, ZoneConfig } from './config.ts';
import type { forward } from './forward-schema.ts';
import { HOUSE_LABEL_LIST, isTopLevelOfWorld } from './house-labels.ts';
import { ENTRIES_MAX } from './limits.ts';
import { isOwnSocket } from './own-sockets.ts';
import { isPrivateAddress } from './private-address.ts';
import type { Path, Report } from './problems.ts';
import { isPrefix, isPublicReverseZone, reverseZonesOf } from './reverse-zones.ts';
import { formatSocketAddress } from './socket-address.ts';
import { quote, ValueError } from './value-error.ts';

const LOCAL = nameKey('local');

/** Names that no DNS server may be asked about, nor any below them: RFC 6761, RFC 7686, RFC 9476, RFC 9462 section 6.4. */
const NEVER_ASKED = ['localhost', 'invalid', 'onion', 'alt', 'resolver.arpa'].map((name) => nameKey(name));

const LOCAL_WARNING =
  'names below local belong to multicast DNS (RFC 6762), and many devices never ask a server for them; home.arpa works everywhere';
const ANY_ZONE = 'write a zone such as lab.example, or a private prefix such as 192.168.1.0/24';

export interface ForwardContext {
  /** Our own listeners. */
  readonly listen: { readonly dns: readonly SocketAddress[] };
  /** Zones that are answered here: they come first. */
  readonly zones: readonly Pick<ZoneConfig, 'name'>[];
}

/** One zone each; a prefix between octets or nibbles has several. */
export function readForwards(
  written: z.output<typeof forward>,
  context: ForwardContext,
  report: Report,
): ForwardConfig[] {
  const firstWritten = new Map<NameKey, string>();
  const forwards: ForwardConfig[] = [];
  const entries = Object.entries(written ?? {});
  if (entries.length > ENTRIES_MAX.forward) {
    report.error(['forward'], `there are more than ${ENTRIES_MAX.forward} zones; write fewer`);
  }
  for (const [text, listed] of entries.slice(0, ENTRIES_MAX.forward)) {
    const path: Path = ['forward', text];
    const servers = readServers(listed ?? [], path, context, report);
    for (const name of readNames(text, path, report)) {
      const before = firstWritten.get(name);
      const problem =
        problemOf(name, text, context) ??
        (before && `this is the zone of ${quote(before)} again; write all its servers there`);
      if (problem !== undefined) {
        report.error(path, problem);
        break;
      }
      if (name === LOCAL) report.warning(path, LOCAL_WARNING);
      firstWritten.set(name, text);
      forwards.push({ name, servers });
    }
  }
  return forwards;
}

function readNames(text: string, path: Path, report: Report): NameKey[] {
  try {
    return isPrefix(text) ? reverseZonesOf(text) : [text === '@' ? ROOT : nameKey(text)];
  } catch (error) {
    if (!(error instanceof NameSyntaxError || error instanceof ValueError)) throw error;
    report.error(path, error.message.includes('; write') ? error.message : `${error.message}; ${ANY_ZONE}`);
    return [];
  }
}

/** Why a zone cannot be forwarded, and what to do. */
function problemOf(name: NameKey, text: string, { zones }: ForwardContext): string | undefined {
  if (name === ROOT) {
    return `the root is every name of the world, and those are asked over TLS only; ${ANY_ZONE}`;
  }
  if (NEVER_ASKED.some((never) => isAtOrBelow(name, never))) {
    return `${quote(text)} is answered here and never asked for (RFC 6761, 7686, 9462, 9476); ${ANY_ZONE}`;
  }
  if (isTopLevelOfWorld(name)) {
    return `${quote(text)} is a top-level domain of the world, or may become one, and its names are asked over TLS only; write the zone below it that is yours, or one of ${HOUSE_LABEL_LIST}`;
  }
  if (isPublicReverseZone(name)) {
    return `${quote(text)} holds names of public addresses, which are asked over TLS only; write the reverse zone of a private network, such as 1.168.192.in-addr.arpa`;
  }
  if (!zones.some((zone) => zone.name === name)) return undefined;
  return `${formatWithoutDot(name)} stands under \`zones\` too, which come first, so no server would ever be asked; delete one of them`;
}

function readServers(
  listed: readonly SocketAddress[],
  path: Path,
  { listen }: ForwardContext,
  report: Report,
): SocketAddress[] {
  if (listed.length === 0) {
    report.error(path, 'no server is written for it; write its address, such as [192.168.1.1]');
  }
  listed.forEach((server, position) => {
    const socket = formatSocketAddress(server);
    const address = ipaddr.parse(server.address);
    if (address.range() === 'carrierGradeNat') {
      report.warning(
        [...path, position],
        `${socket} is in the provider's network where there is carrier-grade NAT (RFC 6598), and others there can read and change plain DNS; keep it if it is in a VPN of your own, else write a resolver on your own network`,
      );
    }
    if (!isPrivateAddress(address)) {
      report.error(
        [...path, position],
        `${socket} is not on a private network, and plain DNS is never sent into the world; write a resolver on your own network, or list this one under \`upstreams\` as tls:// or https://`,
      );
    } else if (isOwnSocket(listen.dns, server.address, server.port)) {
      report.error(
        [...path, position],
        `${socket} is where this server itself listens (listen.dns), so it would ask itself; write another resolver`,
      );
    }
  });
  return [...new Map(listed.flatMap((server) => [[formatSocketAddress(server), server]])).values()];
}
