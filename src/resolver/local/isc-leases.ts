// dhcpd.leases of ISC dhcpd (dhcpd.leases(5)): a journal of declarations "lease ADDRESS { … }" and, for DHCPv6,
// "ia-na ID { … iaaddr ADDRESS { … } }". Only what says who has which address is looked at; a declaration whose end is
// missing does not count. OpenBSD's dhcpd writes the same without binding states. Pure.

import { epochMsOf, type LeaseItem, NOTHING } from './lease.ts';
import { linesOf } from './lines.ts';

const TOKEN = /\s+|#.*|"((?:[^"\\]|\\.)*)"|([{};])|([^\s{};"#]+)/y;
/** Failover states and groups nest two deep; far more is no lease file. */
const DEPTH_MAX = 16;
/** Words of a statement that are looked at. */
const WORDS_MAX = 8;
const DATE = /^(\d{4})\/(\d{1,2})\/(\d{1,2}) (\d{1,2}):(\d{2}):(\d{2})$/;

interface Block {
  /** The words before the brace. */
  readonly head: readonly string[];
  readonly line: number;
  /** Statements by what they say: "ends" to its words. */
  readonly said: Map<string, readonly string[]>;
}

export function* iscLeases(text: string): Generator<LeaseItem> {
  const open: Block[] = [];
  let words: string[] = [];
  let firstWordLine = 0;
  let isIsc = false;
  for (const { number, text: line, isWhole } of linesOf(text)) {
    yield NOTHING;
    for (const { sign, word, isBroken } of tokensOf(line)) {
      if (isBroken && (isWhole || line === null)) yield { kind: 'unread', line: number };
      if (word !== undefined && words.length < WORDS_MAX) words.push(word);
      if (word !== undefined && firstWordLine === 0) firstWordLine = number;
      if (sign === undefined) continue;
      isIsc = true;
      if (sign === '{') {
        if (open.length === DEPTH_MAX) return yield { kind: 'unread', line: number };
        open.push({ head: words, line: number, said: new Map() });
      } else if (sign === ';') {
        const [name, value] = statementOf(words);
        open.at(-1)?.said.set(name, value);
      } else {
        const block = open.pop();
        if (block?.head[0] === 'lease' || block?.head[0] === 'iaaddr') yield leaseOf(block, open.at(-1));
      }
      words = [];
    }
  }
  // Words and not one statement: the file of another program.
  if (!isIsc && firstWordLine > 0) yield { kind: 'unread', line: firstWordLine };
}

interface IscToken {
  readonly sign?: string | undefined;
  readonly word?: string | undefined;
  /** The rest of the line cannot be read. */
  readonly isBroken?: boolean;
}

/** Of one line: dhcpd writes no line's end into quotation marks. */
function* tokensOf(line: string | null): Generator<IscToken> {
  if (line === null) return yield { isBroken: true };
  TOKEN.lastIndex = 0;
  for (let at = 0; at < line.length; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(line);
    if (!match) return yield { isBroken: true }; // a quotation mark without its other
    at = TOKEN.lastIndex;
    const [, quoted, sign, word] = match;
    yield { sign, word: quoted ?? word };
  }
}

/** `set ddns-fwd-name = "nas.home.arpa"`, `binding state active`, `ends 3 2026/11/18 10:00:00` by their names. */
function statementOf(words: readonly string[]): [name: string, value: readonly string[]] {
  if (words[0] === 'set') return [`set ${words[1]}`, words.slice(3)];
  if (words[0] === 'binding') return ['binding state', words.slice(2)];
  return [words[0] ?? '', words.slice(1)];
}

function leaseOf({ head, said, line }: Block, around: Block | undefined): LeaseItem {
  const address = head[1];
  if (address === undefined) return { kind: 'unread', line };
  // The name that the server itself entered into the DNS was judged by its owner's rules; the other is the client's wish.
  const [host] =
    said.get('set ddns-fwd-name') ?? said.get('set ddns-client-fqdn') ?? said.get('client-hostname') ?? [];
  const [state = 'active'] = said.get('binding state') ?? [];
  if (host === undefined || state !== 'active' || said.has('abandoned')) return { kind: 'gone', address };
  const expiresMs = dateMs(said.get('ends'));
  const sinceMs = dateMs(said.get('cltt') ?? around?.said.get('cltt') ?? said.get('starts'));
  if (expiresMs === undefined) return { kind: 'unread', line };
  return { kind: 'lease', lease: { address, host, expiresMs, sinceMs: sinceMs ?? expiresMs } };
}

/** "never", "epoch SECONDS" or "WEEKDAY YEAR/MONTH/DAY HOUR:MINUTE:SECOND", in UTC. */
function dateMs(words: readonly string[] | undefined): number | undefined {
  if (words?.[0] === 'never') return Number.POSITIVE_INFINITY;
  if (words?.[0] === 'epoch') return epochMsOf(words[1]);
  const match = DATE.exec(words?.slice(1, 3).join(' ') ?? '');
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}
