// Row 22: names that mean something to a program in JavaScript are resolved like any other, in every place that takes one.

import { makeQuery, readReply } from '../../support/dns-message.ts';
import { INTERNAL_ADDRESS, TRANSPORTS } from '../../support/noonmark.ts';
import { connectSpeaking } from '../../support/peers/hostile-client.ts';
import { HOSTILE_ADDRESS } from '../../support/peers/hostile-dot.ts';
import { WILD_ZONE } from '../../support/peers/unbound.ts';
import { doorOf } from '../door.ts';
import { type Arena, ATTACKER, type Trial } from '../trial.ts';

/** That a configuration may have. */
const LISTS_MAX = 16;
const ANSWERED_WITHIN_MS = 3_000;
const NAMES = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'],
  ...['__defineGetter__', 'then', 'toJSON', 'length', 'null', 'undefined', 'NaN', 'true', '0', '-1', '1e3'],
];
/** As a key of the configuration `__proto__` alone is refused, in words. */
const ZONES = NAMES.filter((name) => name !== '__proto__');
/** Each is a zone, a record, the key of a rewrite and a part of a name of the world. */
const ADDRESS = { record: '192.168.1.66', zone: '192.168.1.67', rewrite: '192.168.1.68' } as const;

const ASKED: Trial = {
  row: 22,
  name: 'names such as __proto__ and constructor',
  over: TRANSPORTS,
  attack(arena) {
    const asked = NAMES.flatMap((name) => [`${name}.${WILD_ZONE}`, `www.${name}.${name}`]);
    return askedAll(
      arena,
      asked.map((name) => [name, HOSTILE_ADDRESS]),
    );
  },
};

const CONFIGURED: Trial = {
  row: 22,
  name: '__proto__ and its like as zones, records and rewrites of the house',
  over: ['UDP'],
  config: {
    zones: {
      'home.arpa': {
        records: [`nas A ${INTERNAL_ADDRESS}`, ...NAMES.map((name) => `${name} A ${ADDRESS.record}`)],
      },
      ...Object.fromEntries(ZONES.map((name) => [name, { records: [`@ A ${ADDRESS.zone}`] }])),
    },
    filter: {
      lists: NAMES.slice(0, LISTS_MAX).map((name) => ({ name, file: `${name}.txt` })), // of which none is there
      rewrites: Object.fromEntries(NAMES.map((name) => [`${name}.example`, ADDRESS.rewrite])),
    },
  },
  attack(arena) {
    return askedAll(arena, [
      ...ZONES.map((name) => [name, ADDRESS.zone] as const),
      ...NAMES.flatMap(
        (name) =>
          [
            [`${name}.home.arpa`, ADDRESS.record],
            [`${name}.example`, ADDRESS.rewrite],
            [`${name}.${WILD_ZONE}`, HOSTILE_ADDRESS],
          ] as const,
      ),
    ]);
  },
};

async function askedAll({ target, transport }: Arena, due: readonly (readonly [string, string])[]) {
  const client = await target.open(transport, ATTACKER);
  const replies = await Promise.all(
    due.map(([name], at) => client.ask(makeQuery(name, 'A', { id: at + 1 }))),
  );
  client.close();
  return due.flatMap(([name, address], at) => {
    const reply = replies[at] ?? null;
    const { rcode, answers } = reply === null ? { rcode: 'no answer', answers: [] } : readReply(reply);
    return answers.join() === `A ${address}` ? [] : [`${name}: ${rcode} ${answers.join()}, not ${address}`];
  });
}

const ASKED_AS_JSON: Trial = {
  row: 22,
  name: '__proto__ and its like in the URL of a query that is answered as JSON',
  over: ['DoH'],
  async attack(arena) {
    const seen = await Promise.all(NAMES.map((name) => askedAsJson(name, arena)));
    return seen.flat();
  },
};

/** A server that has no JSON to give says so by its status. */
async function askedAsJson(name: string, arena: Arena): Promise<string[]> {
  const target = `/dns-query?${name}=1&name=${name}.${WILD_ZONE}&type=A`;
  const connection = await connectSpeaking(doorOf(arena));
  connection.socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\n${name}: x\r\nconnection: close\r\n\r\n`);
  await connection.cutWithin(ANSWERED_WITHIN_MS);
  const said = connection.received.toString('latin1');
  connection.leave();
  const isRight = said.startsWith('HTTP/1.1 200')
    ? said.includes(HOSTILE_ADDRESS)
    : said.startsWith('HTTP/1.1 4');
  return isRight ? [] : [`${target}: ${said.slice(0, 200)}`];
}

export const NAMES_OF_THE_LANGUAGE: readonly Trial[] = [ASKED, ASKED_AS_JSON, CONFIGURED];
