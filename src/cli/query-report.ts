// The facts of one exchange as text for people: what was answered first, then by whom, how, and how long it took.
// Pure; every text from the network was escaped where the facts were gathered.

import type { Finding } from '../tls/verdict.ts';
import type { QueryFacts, RecordFacts, ReplyFacts, TlsFacts } from './query-facts.ts';

const TRANSPORTS = {
  udp: 'plain DNS over UDP',
  tcp: 'plain DNS over TCP',
  dot: 'DNS over TLS',
  doh: 'DNS over HTTPS',
} as const;

type Row = readonly [string, string];

export function formatReport(facts: QueryFacts): string {
  const { reply, question } = facts;
  const asked: Row = ['question', `${question.name} ${question.type}`];
  const head = reply === null ? [] : [statusLine(reply), ...reply.extendedErrors.map(errorLine)];
  const records = reply === null ? [] : recordLines(reply);
  const blocks = [[...head, ...rows([asked])], records, rows(circumstances(facts))];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function statusLine({ status, flags }: ReplyFacts): string {
  const cut = flags.includes('tc') ? '; truncated: ask again with --server tcp://ADDRESS' : '';
  return `${status}, flags ${flags.join(' ')}${cut}`;
}

function errorLine({ code, name, text }: ReplyFacts['extendedErrors'][number]): string {
  return `${name} (extended error ${code})${text === '' ? '' : `: ${text}`}`;
}

function recordLines({ answers, authorities }: ReplyFacts): string[] {
  if (answers.length > 0) return table(answers);
  return authorities.length > 0 ? ['no answer; authority:', ...table(authorities)] : ['no answer'];
}

function table(records: readonly RecordFacts[]): string[] {
  const width = (cell: (record: RecordFacts) => string) =>
    Math.max(...records.map((record) => cell(record).length));
  const nameWidth = width(({ name }) => name);
  const ttlWidth = width(({ ttlSeconds }) => String(ttlSeconds));
  const typeWidth = width(({ type }) => type);
  return records.map(({ name, ttlSeconds, type, rdata }) =>
    [name.padEnd(nameWidth), String(ttlSeconds).padStart(ttlWidth), type.padEnd(typeWidth), rdata].join('  '),
  );
}

function circumstances({
  server,
  transport,
  truncatedOverUdp,
  datagrams,
  tls,
  timing,
  reply,
}: QueryFacts): Row[] {
  const detour = truncatedOverUdp ? ', because the answer over UDP was truncated' : '';
  const sent = transport === 'udp' && datagrams > 1 ? `, sent ${datagrams} times` : '';
  const lines: Row[] = [
    ['server', `${server.address} port ${server.port}`],
    ['transport', `${TRANSPORTS[transport]}${detour}${sent}`],
    ...(tls === null ? [] : tlsRows(tls, server.name)),
    ['time', timeLine(timing)],
  ];
  if (reply !== null) lines.push(['size', `${reply.octets} octets`]);
  return lines.filter(([, text]) => text !== '');
}

function tlsRows(tls: TlsFacts, name: string | null): Row[] {
  const { version, alpn, trusted, verdict, anchors, pins, certificate } = tls;
  const life =
    certificate === null
      ? ''
      : `: ${certificate.notBefore.slice(0, 10)} to ${certificate.notAfter.slice(0, 10)}, ${certificate.daysLeft} days left`;
  const state = trusted
    ? `${version ?? 'version unknown'}, ALPN ${alpn ?? 'none'}`
    : 'not trusted, so nothing was sent';
  return [
    ['TLS', state],
    [
      'identity',
      inWords(verdict.identity, `: the certificate is for ${name}${pins > 0 ? ', with a pinned key' : ''}`),
    ],
    ['chain', inWords(verdict.chain, `: it leads to ${anchors}`)],
    ['dates', inWords(verdict.dates, life)],
  ];
}

function inWords(finding: Finding, more: string): string {
  return finding.ok ? `right${more}` : `wrong: ${finding.reason}`;
}

function timeLine({ connectMs, tlsMs, queryMs }: QueryFacts['timing']): string {
  const parts: [string, number | null][] = [
    ['connect', connectMs],
    [connectMs === null ? 'connect and TLS' : 'TLS', tlsMs],
    ['query', queryMs],
  ];
  return parts.flatMap(([what, ms]) => (ms === null ? [] : [`${what} ${ms.toFixed(1)} ms`])).join(', ');
}

/** Labels in a column of their own. */
function rows(lines: readonly Row[]): string[] {
  const width = Math.max(...lines.map(([label]) => label.length), 'transport'.length);
  return lines.map(([label, text]) => `${label.padEnd(width)}  ${text}`);
}
