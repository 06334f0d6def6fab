// `noonmark query`: asks any server over any transport, and shows the answer, who gave it, and how long it took.
// For trying things out and for looking for faults; it is the one part of Noonmark that asks in plaintext where told to.

import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigProblems } from '../config/problems.ts';
import { parsePin } from '../config/schema-forms.ts';
import { formatSocketAddress } from '../config/socket-address.ts';
import { formatDuration, parseDuration } from '../config/units.ts';
import { ValueError } from '../config/value-error.ts';
import { NameSyntaxError } from '../dns/names.ts';
import { ClockUntrusted, createTlsConnector } from '../tls/connect.ts';
import { CaFileUnusable, TrustAnchors } from '../tls/trust-anchors.ts';
import { PeerUntrusted, type Verdict } from '../tls/verdict.ts';
import { type Command, complain, EXIT, print, QUICKSTART, readArgs, UsageError } from './command.ts';
import { commandClock } from './command-clock.ts';
import { BadAnswer, NoAnswer, newTrace } from './query-exchange.ts';
import { type ExplainOptions, explainQuery } from './query-explain.ts';
import { gatherFacts, type QueryFacts, type QueryTrust, type ReplyFacts, readReply } from './query-facts.ts';
import { buildQuery, type QueryQuestion, readQuestion } from './query-question.ts';
import { formatReport } from './query-report.ts';
import { defaultServer, isOwnListener, type QueryServer, readServer } from './query-server.ts';
import { exchange } from './query-transports.ts';

/** As resolv.conf(5) has it. */
const DEFAULT_TIMEOUT = '5s';
const MAX_TIMEOUT_MS = 60_000;
const MAX_ID = 0xffff;

const OPTIONS = {
  server: { type: 'string' },
  name: { type: 'string' },
  ca: { type: 'string' },
  pin: { type: 'string', multiple: true },
  config: { type: 'string' },
  timeout: { type: 'string' },
  dnssec: { type: 'boolean' },
  cd: { type: 'boolean' },
  reverse: { type: 'boolean', short: 'x' },
  short: { type: 'boolean' },
  json: { type: 'boolean' },
  explain: { type: 'boolean' },
  client: { type: 'string' },
} as const;
/** What has no meaning with --explain, where the running server asks itself. */
const NOT_WITH_EXPLAIN = ['server', 'name', 'ca', 'pin', 'timeout', 'dnssec', 'cd', 'short'] as const;

export const query: Command = {
  help: `Usage: noonmark query NAME [TYPE] [options]
       noonmark query ADDRESS          (the name of an address: PTR)
       noonmark query --explain NAME [TYPE] [--client ADDRESS] [--config FILE] [--json]

Asks one server and shows its answer, what is thought of its certificate, and how long each step took. TYPE is A unless
given: AAAA, MX, TXT, HTTPS and so on, or a number as TYPE65.

  noonmark query nas.home.arpa
  noonmark query example.com AAAA --server tls://1.1.1.1 --name one.one.one.one
  noonmark query example.com --server https://127.0.0.1:8443/dns-query --ca certs/ca.pem --name localhost
  noonmark query 192.168.1.20 --server tcp://192.168.1.13

  --server SERVER   192.0.2.1 (UDP, then TCP where truncated), udp://, tcp://, tls:// (DNS over TLS) or https://
                    (DNS over HTTPS) and an address, with a port if need be; default: the first of listen.dns
  --name NAME       what its certificate must be for, where that is not the address
  --ca FILE         trust the CAs in this PEM file; default: the public roots, and the local CA for our own listeners
  --pin PIN         demand this key as well, sha256/BASE64; may be repeated
  --config FILE     the configuration that says where we listen (default: the quick start's)
  --timeout TIME    for all of it (default ${DEFAULT_TIMEOUT})
  --dnssec          ask for signatures (DO)
  --cd              ask not to validate (CD)
  -x, --reverse     NAME is an address, whatever TYPE is
  --short           the records' content only
  --json            everything as one JSON object
  --explain         ask the running server instead, how it answers that: which zone, list, cache or upstream
  --client ADDRESS  with --explain: as if this client asked (default 127.0.0.1)

Nothing is sent to a server whose certificate is not trusted, and no switch changes that.
Exit codes: 0 for NOERROR and NXDOMAIN, 1 for any other answer and for a server that is not trusted, 64 for a wrong
command line, 69 when no answer comes, 78 for a bad configuration.`,

  run: (args) => runQuery(args, commandClock()),
};

/** What is asked, of whom, and how; all that can be wrong with the command line is found while making it. */
interface Plan {
  readonly question: QueryQuestion;
  readonly server: QueryServer;
  /** Null on plain transports. */
  readonly trust: QueryTrust | null;
  readonly timeoutMs: number;
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
  readonly isDefaultServer: boolean;
  readonly form: 'text' | 'short' | 'json';
}

/** --explain: the running server is asked, and nobody else. */
interface ExplainPlan {
  readonly question: QueryQuestion;
  readonly explain: ExplainOptions;
}

/** The command on a given clock. Resolves with the exit code. */
export async function runQuery(args: readonly string[], clock: Clock): Promise<number> {
  let plan: Plan | ExplainPlan;
  try {
    plan = makePlan(args);
  } catch (error) {
    if (error instanceof ConfigProblems) {
      complain(error.message);
      return EXIT.CONFIG;
    }
    const isMisuse = [ValueError, NameSyntaxError, CaFileUnusable].some((kind) => error instanceof kind);
    throw isMisuse ? new UsageError((error as Error).message.replace(/\.$/, '')) : error;
  }
  if ('explain' in plan) return explainQuery(plan.question, plan.explain);
  const facts = await ask(plan, clock);
  show(facts, plan.form);
  return exitCode(facts);
}

function makePlan(args: readonly string[]): Plan | ExplainPlan {
  const { values, positionals } = readArgs(args, OPTIONS, 2);
  const question = readQuestion(positionals, values.reverse ?? false);
  if (values.explain) {
    const vain = NOT_WITH_EXPLAIN.find((option) => values[option] !== undefined);
    if (vain !== undefined)
      throw new UsageError(`--${vain} has no meaning with --explain, for which the running server is asked`);
    return { question, explain: values };
  }
  if (values.client !== undefined) throw new UsageError('--client needs --explain');
  const timeoutMs = parseDuration(values.timeout ?? DEFAULT_TIMEOUT);
  if (timeoutMs === 0 || timeoutMs > MAX_TIMEOUT_MS)
    throw new UsageError(`--timeout is over 0s and at most ${formatDuration(MAX_TIMEOUT_MS)}`);
  const configFile = values.config ?? QUICKSTART;
  const config = loadConfig(configFile).config;
  const server =
    values.server === undefined ? defaultServer(config, configFile) : readServer(values.server, values.name);
  const pins = (values.pin ?? []).map(parsePin);
  if (server.name === null && (values.ca ?? values.name ?? values.pin) !== undefined)
    throw new UsageError(
      '--ca, --name and --pin judge a certificate, so they need --server tls:// or https://',
    );
  return {
    question,
    server,
    trust: server.name === null ? null : { ...chooseAnchors(values.ca, server, config), pins },
    timeoutMs,
    dnssecOk: values.dnssec ?? false,
    checkingDisabled: values.cd ?? false,
    isDefaultServer: values.server === undefined,
    form: values.json ? 'json' : values.short ? 'short' : 'text',
  };
}

/** --ca; our own CA for our own listener, unless the owner brings certificates; else the public roots. */
function chooseAnchors(
  ca: string | undefined,
  server: QueryServer,
  config: Config,
): Omit<QueryTrust, 'pins'> {
  const isOurCa = ca === undefined && config.certificate.files === null && isOwnListener(server, config);
  const file = isOurCa ? join(config.certsDir, 'ca.pem') : ca;
  return file === undefined
    ? { anchors: TrustAnchors.public(), described: 'the public roots' }
    : { anchors: TrustAnchors.fromFile(file), described: file };
}

async function ask(plan: Plan, clock: Clock): Promise<QueryFacts> {
  const { question, server, trust, timeoutMs, dnssecOk, checkingDisabled } = plan;
  const message = buildQuery(question, {
    id: server.transport === 'doh' ? 0 : randomInt(MAX_ID + 1), // RFC 8484 section 4.1: caches like the same octets
    dnssecOk,
    checkingDisabled,
    pads: server.name !== null,
  });
  const tls = trust && { connector: createTlsConnector({ clock }), ...trust };
  const trace = newTrace(server);
  let reply: ReplyFacts | null = null;
  let failure: Failure | null = null;
  try {
    reply = readReply(await exchange(server, message, { clock, tls, timeoutMs }, trace));
  } catch (error) {
    failure = describeFailure(error, plan);
  }
  return gatherFacts({ question, server, trace, trust, reply, failure, nowMs: clock.now().epochMs });
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly verdict?: Verdict;
}

function describeFailure(error: unknown, { server, isDefaultServer }: Plan): Failure {
  const who = formatSocketAddress(server.address);
  if (error instanceof PeerUntrusted) {
    const { code, message, verdict } = error;
    return { code, message: `${message}; nothing was sent`, verdict };
  }
  if (error instanceof NoAnswer) {
    const advice = isDefaultServer
      ? 'start Noonmark here with npm start, or name another --server'
      : error.advice;
    return { code: error.code, message: `${who} does not answer: ${error.message}; ${advice}` };
  }
  if (error instanceof BadAnswer)
    return { code: error.code, message: `${who} is of no use: ${error.message}` };
  if (error instanceof ClockUntrusted) return { code: error.code, message: error.message };
  throw error;
}

function show(facts: QueryFacts, form: Plan['form']): void {
  const { reply, failure, tls } = facts;
  if (form === 'json') {
    print(JSON.stringify(facts));
    return;
  }
  if (failure !== null) {
    if (form === 'text' && tls !== null) print(formatReport(facts));
    complain(`noonmark query: ${failure.message}`);
    return;
  }
  if (form === 'text') print(formatReport(facts));
  else for (const { rdata } of reply!.answers) print(rdata);
  if (form === 'short' && !isAnswered(facts)) complain(`noonmark query: ${reply!.status}`);
}

function isAnswered({ reply }: QueryFacts): boolean {
  return reply?.status === 'NOERROR' || reply?.status === 'NXDOMAIN';
}

function exitCode(facts: QueryFacts): number {
  if (facts.failure?.code === 'no-answer') return EXIT.UNAVAILABLE;
  return isAnswered(facts) ? EXIT.OK : EXIT.FAILED;
}
