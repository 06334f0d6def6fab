// The memory that queries are read into, one after another, and the end of a turn.

import { expect, it } from 'vitest';
import { nameKey } from '../../../src/dns/names.ts';
import { Desk } from '../../../src/listener/desk.ts';
import { TurnEnd } from '../../../src/listener/turn-end.ts';
import { OPTION, queryBytes } from '../../support/messages.ts';

function read(desk: Desk, name: string): void {
  const octets = queryBytes(name);
  desk.query.read(octets, 0, octets.length);
  desk.context.client = name;
}

it('is used again for the next query', () => {
  const desk = new Desk('dot');
  const { query, context } = desk;
  read(desk, 'one.example');
  read(desk, 'two.example');
  expect(desk.query).toBe(query);
  expect(desk.context).toBe(context);
  expect([query.nameKey, context.transport]).toEqual([nameKey('two.example'), 'dot']);
});

it('leaves a query that waits, and its context, to whoever waits', () => {
  const desk = new Desk('tcp');
  read(desk, 'late.example');
  const { context } = desk;
  const late = desk.handOver();
  read(desk, 'next.example');
  expect([late.nameKey, context.client]).toEqual([nameKey('late.example'), 'late.example']);
  expect([desk.query.nameKey, desk.context.client, desk.context.transport]).toEqual([
    nameKey('next.example'),
    'next.example',
    'tcp',
  ]);
});

it('leaves it all that it has read, its cookie too, in memory of its own', () => {
  const desk = new Desk('udp');
  const cookie = Buffer.from('COOKIE-1');
  const octets = queryBytes('late.example', 'A', {
    edns: { options: [{ code: OPTION.COOKIE, data: cookie }] },
  });
  desk.query.read(octets, 0, octets.length);
  expect(desk.query.edns?.cookie).toHaveLength(8); // as the chain has looked at it before
  expect(desk.query.bytes).toHaveLength(octets.length);
  const late = desk.handOver();
  desk.query.message.fill(0xff);
  expect(Buffer.from(late.bytes)).toEqual(octets);
  expect(Buffer.from(late.edns!.cookie!)).toEqual(cookie);
});

it('calls everybody at the end of the turn, once, and in order', async () => {
  const turnEnd = new TurnEnd();
  const told: string[] = [];
  const ending = (name: string) => ({ endTurn: () => void told.push(name) });
  turnEnd.later(ending('a'));
  turnEnd.later({
    endTurn: () => {
      told.push('b');
      turnEnd.later(ending('next turn'));
    },
  });
  expect(told).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['a', 'b']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['a', 'b', 'next turn']);
});
