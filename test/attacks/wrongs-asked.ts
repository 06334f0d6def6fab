// Asks names that an upstream does something wrong with, and judges what a client sees: whether it is what the table says
// (test/support/peers/wrongs.ts), whether anything of it is poison, what it cost upstream, and whether a cache was taken in.

import { performance } from 'node:perf_hooks';
import type { Client } from '../support/dns-client.ts';
import { makeQuery, type Reply, readReply } from '../support/dns-message.ts';
import { HOSTILE_ADDRESS } from '../support/peers/hostile-upstream.ts';
import { address, CHAINED_ADDRESS, POISON_ADDRESS } from '../support/peers/wrong-message.ts';
import { bankName, type Sees, type Wrong, wrongName } from '../support/peers/wrongs-vocabulary.ts';
import { type Arena, ATTACKER } from './trial.ts';

const WITHIN_MS = 5_000;
/** A busy machine. */
const SLACK_MS = 500;
const MOST_UPSTREAM = 3;
/** RFC 8767 section 4: nobody is told to keep anything for longer than a week. */
const LONGEST_TTL_SECONDS = 604_800;
/** Nobody reads more, and thousands are a burden to whoever does. */
const MOST_ERRORS = 10;
const POISON = address(POISON_ADDRESS);
const CHAINED = address(CHAINED_ADDRESS);
const RIGHT = `A ${HOSTILE_ADDRESS}`;

let serial = 0;
let lastId = 0;

/** With an ID that no other query in flight has: a client here knows its replies by that. */
function query(name: string): Buffer {
  lastId = (lastId + 1) & 0xffff;
  return makeQuery(name, 'A', { id: lastId });
}

export interface Asked {
  readonly wrong: Wrong;
  readonly name: string;
}

/** A name for each that nobody has heard of. */
export function namesFor(wrongs: readonly Wrong[]): Asked[] {
  serial += 1;
  return wrongs.map((wrong) => ({ wrong, name: wrongName(wrong.label, serial) }));
}

/** Has the upstream do as its names say, and what `ask` resolves with, complaints, told apart from each other. */
export async function withAttacker(
  { target, world, transport }: Arena,
  ask: (client: Client) => Promise<readonly string[]>,
): Promise<string[]> {
  world.upstream.behaviour = 'by the name';
  const client = await target.open(transport, ATTACKER);
  try {
    return [...new Set(await ask(client))];
  } finally {
    client.close();
  }
}

/** So many at a time, so that a server which gives up its connection over one of them is not judged by all others as well. */
const AT_A_TIME = 8;
/** Ordinary names that are asked just before each lot, so that they are in flight on the same connection. */
const BESIDE = 3;

/** A few at a time. `sees`: in place of what the table says. */
export async function complaintsOfAll(
  client: Client,
  { world }: Arena,
  asked: readonly Asked[],
  sees: (wrong: Wrong) => Sees = (wrong) => wrong.sees,
): Promise<string[]> {
  const complaints: string[] = [];
  for (let at = 0; at < asked.length; at += AT_A_TIME) {
    const lot = asked.slice(at, at + AT_A_TIME);
    const beside = Array.from({ length: BESIDE }, (_, nth) =>
      complaintsBeside(client, `${nth}${lot[0]!.name}`),
    );
    const judged = lot.map((one) => complaintsOf(client, one, sees(one.wrong)));
    complaints.push(...(await Promise.all([...beside, ...judged])).flat());
  }
  return [...complaints, ...complaintsOfCost(world.upstream.names, asked)];
}

export async function complaintsOf(client: Client, { wrong, name }: Asked, sees: Sees): Promise<string[]> {
  const from = performance.now();
  const reply = await client.ask(query(name), WITHIN_MS + 2 * SLACK_MS);
  const waitedMs = performance.now() - from;
  const about = (what: string) => `${wrong.label} (${wrong.does}): ${what}`;
  if (reply === null) return [about('no reply')];
  const late = waitedMs > WITHIN_MS + SLACK_MS ? [about(`answered after ${Math.round(waitedMs)} ms`)] : [];
  return [...late, ...complaintsOfReply(reply, sees).map(about)];
}

async function complaintsBeside(client: Client, name: string): Promise<string[]> {
  const reply = await client.ask(query(`beside-${name}`));
  const complaints = reply === null ? ['no reply'] : complaintsOfReply(reply, 'right');
  return complaints.map((what) => `beside ${name.slice(1)}: ${what}`);
}

function complaintsOfReply(wire: Uint8Array, sees: Sees): string[] {
  if (Buffer.from(wire).includes(POISON)) return ['the reply has the poison in it'];
  let reply: Reply;
  try {
    reply = readReply(wire);
  } catch (error) {
    return [`the reply cannot be read: ${error instanceof Error ? error.message : error}`];
  }
  const { rcode, answers, extendedErrors, longestTtlSeconds } = reply;
  const hasFailed = rcode !== 'NOERROR' && rcode !== 'NXDOMAIN' && answers.length === 0;
  const isRight = rcode === 'NOERROR' && answers.includes(RIGHT);
  const isFine = { right: isRight, failed: hasFailed, either: isRight || hasFailed, 'as it is': true }[sees];
  const controls = extendedErrors.some(({ text }) => /\p{Cc}/u.test(text));
  return [
    ...(isFine ? [] : [`must be ${sees}, is ${rcode} ${answers.slice(0, 3).join(', ')}`]),
    ...(controls ? ['control characters in the words of an extended error'] : []),
    ...(extendedErrors.length > MOST_ERRORS ? [`${extendedErrors.length} extended errors`] : []),
    ...(longestTtlSeconds > LONGEST_TTL_SECONDS ? [`a TTL of ${longestTtlSeconds} s`] : []),
  ];
}

/** At most three upstream queries a client query, those for names of the upstream's own invention included. */
function complaintsOfCost(names: readonly string[], asked: readonly Asked[]): string[] {
  return asked.flatMap(({ wrong, name }) => {
    const bank = bankName(name);
    const cost = names.filter((one) => one === name || one.endsWith(bank)).length;
    return cost <= MOST_UPSTREAM ? [] : [`${wrong.label}: ${cost} upstream queries for one`];
  });
}

/** What the wrong replies would have had the cache believe: the names are asked, and must be what an honest upstream says. */
export async function complaintsOfPoison(client: Client, asked: readonly Asked[]): Promise<string[]> {
  const complaints = asked.map(async ({ wrong, name }) => {
    const reply = await client.ask(query(bankName(name)));
    if (reply === null) return [`${wrong.label}: no reply for the name that it meant to poison`];
    const octets = Buffer.from(reply);
    if (octets.includes(POISON) || octets.includes(CHAINED))
      return [`${wrong.label}: has poisoned the cache`];
    const isServed = readReply(reply).answers.includes(RIGHT);
    return isServed ? [] : [`${wrong.label}: the name that it meant to poison is not served`];
  });
  return (await Promise.all(complaints)).flat();
}

/** Bystanders are a measure only where their queries share a connection with what is wrong. */
export function complaintsOfSharing(
  { names, cameOn }: Arena['world']['upstream'],
  asked: readonly Asked[],
): string[] {
  const wrong = new Set(asked.map(({ name }) => name));
  const used = new Set(names.flatMap((name, at) => (wrong.has(name) ? [cameOn[at]] : [])));
  const isShared = names.some((name, at) => name.startsWith('by') && used.has(cameOn[at]));
  return isShared ? [] : ['no bystander was on the same connection'];
}
