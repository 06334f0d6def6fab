// The answer path of the server itself, over pools that a test answers for, on a clock that a test moves.
// No sockets: octets go in by `ask` and the client's reading of the response comes out.

import { createAnswerPath, type PathSettings } from '../../src/app/answer-path.ts';
import type { FilterConfig } from '../../src/config/config.ts';
import { type Answer, DROP } from '../../src/dns/answer.ts';
import { type NameKey, nameKey } from '../../src/dns/names.ts';
import { Query } from '../../src/dns/query.ts';
import { parseRecordText } from '../../src/dns/record-text.ts';
import { LimitLog } from '../../src/observe/limit-log.ts';
import type { Log, LogFields } from '../../src/observe/log.ts';
import { QueryFigures } from '../../src/observe/query-figures.ts';
import { QueryLog } from '../../src/observe/query-log.ts';
import { AccessList } from '../../src/resolver/access-list.ts';
import { PackedAnswerStore } from '../../src/resolver/cache/answer-store.ts';
import { FailureMemory } from '../../src/resolver/cache/failure-memory.ts';
import { noCacheCounts } from '../../src/resolver/cache.ts';
import { newCookieSecret } from '../../src/resolver/cookie-secret.ts';
import { OwnNames } from '../../src/resolver/local/own-names.ts';
import { createZones } from '../../src/resolver/local/zone.ts';
import type { LocalParts } from '../../src/resolver/local.ts';
import type { QueryCounts } from '../../src/resolver/observe.ts';
import { type Context, keeping, type Resolver } from '../../src/resolver/resolver.ts';
import { createFilter } from './filters.ts';
import { poolOf } from './late.ts';
import {
  aRecord,
  contextAt,
  type QueryParts,
  queryBytes,
  type ReplyParts,
  render,
  replyTo,
  type Seen,
  see,
} from './messages.ts';
import { SimulatedClock } from './simulated-clock.ts';

const HOME = nameKey('home.arpa.');
const RECORDS = [
  'nas 300 A 192.168.1.20',
  'files CNAME nas',
  'www 300 CNAME Elsewhere.example.',
  'loop CNAME loop',
];

/** Parts of the local link beside zones and own names, for those who have none of them. */
export const NO_OTHER_NAMES = {
  files: { lookup: () => null, exists: () => false, mayHold: () => false },
  designated: { answer: () => null, names: [] },
  forwards: { holds: () => false, holdsNameOf: () => false, zoneFor: () => null },
  probe: { notes: () => false },
} satisfies Omit<LocalParts, 'zones' | 'ownNames'> & { forwards: PathSettings['forwards'] };

/** A log that remembers its lines as "level message", and their fields. */
export class RecordedLog implements Log {
  readonly lines: { readonly line: string; readonly fields: LogFields }[] = [];
  readonly debug = (message: string, fields?: LogFields) => this.#add('debug', message, fields);
  readonly info = (message: string, fields?: LogFields) => this.#add('info', message, fields);
  readonly warn = (message: string, fields?: LogFields) => this.#add('warn', message, fields);
  readonly error = (message: string, fields?: LogFields) => this.#add('error', message, fields);

  #add(level: string, message: string, fields: LogFields = {}): void {
    this.lines.push({ line: `${level} ${message}`, fields });
  }
}

/** What the upstreams do: parts of a reply, octets as they are, or an error; by default an A record of 300 s. */
export type Upstreams = (query: Buffer, name: string) => ReplyParts | Buffer | Error | Promise<Buffer>;

export class House {
  readonly clock = new SimulatedClock();
  readonly log = new RecordedLog();
  readonly failures = new FailureMemory();
  readonly counts: QueryCounts = { udp: 0, tcp: 0, dot: 0, doh: 0 };
  readonly store = new PackedAnswerStore(2 ** 20);
  /** Every query that left, as octets; over strict connections and over relaxed ones. */
  readonly sent: Buffer[] = [];
  readonly sentRelaxed: Buffer[] = [];
  timeServerNames: ReadonlySet<NameKey> = new Set();
  readonly figures = new QueryFigures(this.clock);
  readonly queryLog = new QueryLog(this.clock);
  upstreams: Upstreams = (_, name) => ({ answers: [aRecord(name)] });
  /** The same upstreams over relaxed connections, told apart by the address that they give. */
  relaxed: Upstreams = (_, name) => ({ answers: [aRecord(name, '198.51.100.1')] });
  readonly resolver: Resolver;
  readonly explained: Resolver;

  constructor(limits = { pendingQueries: 100, pendingQueriesPerClient: 50 }, filtered?: FilterConfig) {
    const { clock, log, failures, counts, figures, queryLog, store } = this;
    const zones = createZones([{ name: HOME, records: RECORDS.map((text) => parseRecordText(text, HOME)) }]);
    const ownNames = new OwnNames({ names: ['dns.home.example'], addresses: [], neighboursOf: () => [] });
    const accessList = new AccessList(['loopback', 'private'], []);
    const filter = createFilter({ clock, log }, filtered);
    const unchanging = {
      ...{ ...NO_OTHER_NAMES, zones, ownNames, accessList, filter, nsid: 'dns.home.example' },
      config: { rebinding: { protect: false, allow: [] } },
      upstreams: poolOf((query) => this.#exchange(query, this.sent, this.upstreams)),
      relaxed: poolOf((query) => this.#exchange(query, this.sentRelaxed, this.relaxed)),
    };
    const house = this;
    const settings = {
      ...unchanging,
      get timeServerNames() {
        return house.timeServerNames;
      },
    };
    const path = createAnswerPath({
      ...{ settings: () => settings, clock, log, store, failures },
      seen: { counts, cacheCounts: noCacheCounts(), figures, queryLog },
      limits: { udpQueriesPerClient: 1000, ...limits },
      limitLog: new LimitLog(log, clock),
      cookieSecret: newCookieSecret(),
    });
    this.resolver = path.clients;
    this.explained = path.explained;
    clock.onStateChange(() => failures.forget());
  }

  /** A pool's part. */
  async #exchange(query: Uint8Array, sent: Buffer[], upstreams: Upstreams): Promise<Uint8Array> {
    const octets = Buffer.from(query);
    sent.push(octets);
    const did = await upstreams(octets, see(octets).question.split(' ')[0]!);
    if (did instanceof Error) throw did;
    return Buffer.isBuffer(did) ? did : replyTo(query, did);
  }

  /** What a client sees, or "dropped". */
  async ask(
    name: string,
    type?: string,
    parts?: QueryParts,
    context?: Partial<Context>,
  ): Promise<Seen | 'dropped'> {
    const answer = await this.answerTo(queryBytes(name, type, parts), context);
    return answer === DROP ? 'dropped' : see(render(answer, new Query(queryBytes(name, type, parts))));
  }

  async answerTo(octets: Uint8Array, context?: Partial<Context>): Promise<Answer> {
    return keeping(this.resolver.resolve(new Query(octets), contextAt(this.clock.monotonic(), context)));
  }
}
