// What the owner's rewrites and lists say about a name and a client: the lists as they stand, fed from files and URLs,
// and the judgement of one name by those that count for one client. It writes no DNS: resolver/filter.ts does.
// In order of precedence, over all lists together: an important exception, an important block, an exception, a block.

import type { Clock } from '../clock/clock.ts';
import type { BlockedAnswer, FilterConfig, FilterListConfig, RewriteConfig } from '../config/config.ts';
import type { NameKey } from '../dns/names.ts';
import type { Log } from '../observe/log.ts';
import type { TlsConnector } from '../tls/connect.ts';
import { ClientGroups } from './client-groups.ts';
import { FileFeed } from './file-feed.ts';
import { forgetOthers } from './kept-list.ts';
import { List, type ListReport } from './list.ts';
import { AskedName } from './name-table.ts';
import { Rewrites } from './rewrites.ts';
import { MARK, ruleText } from './rules.ts';
import { UrlFeed } from './url-feed.ts';

export interface FilterParts {
  readonly config: FilterConfig;
  /** Where fetched lists are kept; null: nowhere, as in a rehearsal. */
  readonly stateDir: string | null;
  readonly tls: Pick<TlsConnector, 'connect'>;
  /** The addresses of a host name, through our own resolver and past this filter. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Verdict {
  readonly kind: 'block' | 'allow';
  /** The list's name. */
  readonly list: string;
  /** The rule, in words of the list: "||ads.example^". */
  readonly rule: string;
}

interface FedList {
  readonly key: string;
  readonly list: List;
  readonly feed: { close(): void; refetch(): void };
}

/** Pairs of marks: exceptions have the odd numbers. */
const PAIR_BITS = 2;
const PAIR_MASK = 0b11;
const HIGHEST_PAIR = 3;

export class Filter {
  readonly #parts: FilterParts;
  #fed: readonly FedList[] = [];
  #blocked: BlockedAnswer = { kind: 'nxdomain' };
  #rewrites = new Rewrites([]);
  #groups = new ClientGroups([]);
  /** By the name of a group; null: of who is in none. */
  #listsOf: ReadonlyMap<string | null, readonly List[]> = new Map();
  readonly #asked = new AskedName();

  constructor(parts: FilterParts) {
    this.#parts = parts;
    this.reload(parts.config);
  }

  /** Takes over a new configuration; a list whose source is the same stays and is not read again. */
  reload(config: FilterConfig): void {
    const old = this.#fed;
    this.#fed = config.lists.map((listConfig) => this.#feed(listConfig, old));
    for (const gone of old) if (!this.#fed.some(({ feed }) => feed === gone.feed)) gone.feed.close();
    const lists = this.#fed.map(({ list }) => list);
    const named = (names: readonly string[]) => lists.filter((list) => names.includes(list.config.name));
    this.#listsOf = new Map([
      [null, lists] as const,
      ...config.groups.map((group) => [group.name, named(group.lists)] as const),
    ]);
    this.#blocked = config.blocked;
    this.#rewrites = new Rewrites(config.rewrites);
    this.#groups = new ClientGroups(config.groups);
    const urls = config.lists.flatMap(({ source }) => (source.kind === 'url' ? [source.url] : []));
    if (this.#parts.stateDir !== null) void forgetOthers(this.#parts.stateDir, urls);
  }

  /** Somebody wants all lists as they are now: no pause is waited for. One that is just being read is left. */
  refetch(): void {
    for (const { feed } of this.#fed) feed.refetch();
  }

  close(): void {
    for (const { feed } of this.#fed) feed.close();
  }

  /** Nothing is configured, so that nothing need be asked. */
  get isIdle(): boolean {
    return this.#fed.length === 0 && this.#rewrites.isEmpty;
  }

  /** What a blocked name is answered with. */
  get blocked(): BlockedAnswer {
    return this.#blocked;
  }

  rewriteOf(key: NameKey): RewriteConfig | null {
    return this.#rewrites.find(key);
  }

  /** The name of the group that `client` is in; null: none. */
  groupOf(client: string): string | null {
    return this.#groups.of(client)?.name ?? null;
  }

  /** What the lists say that count for `client`; null: nothing. */
  judge(key: NameKey, client: string): Verdict | null {
    const lists = this.#listsOf.get(this.groupOf(client))!;
    return lists.length === 0 ? null : judgeBy(lists, this.#asked.set(key));
  }

  report(): ListReport[] {
    return this.#fed.map(({ list }) => list.report);
  }

  #feed(config: FilterListConfig, old: readonly FedList[]): FedList {
    const { clock, log, stateDir, tls, lookup } = this.#parts;
    const { source } = config;
    const key = JSON.stringify(source);
    const same = old.find((fed) => fed.key === key);
    if (same !== undefined) {
      same.list.config = config;
      return same;
    }
    // Under a name that had another source, the old names count until the new ones are there.
    const before = old.find(({ list }) => list.config.name === config.name);
    const list = new List(config, { clock, log }, before?.list.table);
    const feed =
      source.kind === 'file'
        ? new FileFeed({ file: source.file, list, clock })
        : new UrlFeed({ url: source.url, caFile: source.caFile, list, stateDir, tls, lookup, clock, log });
    return { key, list, feed };
  }
}

/** The weightiest rule for the name, and of equals the one nearest to it. */
function judgeBy(lists: readonly List[], name: AskedName): Verdict | null {
  let highest = -1;
  let found: { readonly list: List; readonly label: number } | null = null;
  for (let label = 0; label < name.labels; label += 1) {
    const side = label === 0 ? MARK.SELF : MARK.BELOW;
    for (const list of lists) {
      const marks = list.table.marksAt(name, label) & side;
      if (marks === 0) continue;
      const pair = highestPair(list, marks);
      if (pair <= highest) continue;
      highest = pair;
      found = { list, label };
      if (pair === HIGHEST_PAIR) return verdictOf(found.list, name, label, pair);
    }
  }
  return found === null ? null : verdictOf(found.list, name, found.label, highest);
}

function highestPair({ config }: List, marks: number): number {
  const pair = (31 - Math.clz32(marks)) >> 1;
  return config.allows ? pair | 1 : pair; // on an allow list, a rule that blocks elsewhere allows
}

function verdictOf(list: List, name: AskedName, label: number, pair: number): Verdict {
  const marks = list.table.marksAt(name, label);
  const of = (number: number) => marks & (PAIR_MASK << (number * PAIR_BITS));
  const written = of(pair) === 0 ? of(pair - 1) : of(pair);
  const kind = pair % 2 === 0 ? 'block' : 'allow';
  return { kind, list: list.config.name, rule: ruleText(name.textAt(label), written) };
}
