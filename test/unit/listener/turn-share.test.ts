// Eight a turn for each client, in order, however many there are, and nothing left behind.

import { expect, it } from 'vitest';
import { TurnShare } from '../../../src/listener/turn-share.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function open() {
  const share = new TurnShare();
  const asked: string[] = [];
  const ask = (client: string, count: number, from = 0) => {
    for (let at = from; at < from + count; at += 1) share.ask(client, () => asked.push(`${client}${at}`));
  };
  return { asked, ask };
}

const named = (client: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `${client}${from + at}`);

it('asks up to eight of a client at once', () => {
  const { asked, ask } = open();
  ask('a', 8);
  expect(asked).toEqual(named('a', 0, 8));
});

it('asks eight in each turn, in order, and those that come later behind those that wait', async () => {
  const { asked, ask } = open();
  ask('a', 20);
  expect(asked).toEqual(named('a', 0, 8));
  await turn();
  expect(asked).toEqual(named('a', 0, 16));
  ask('a', 5, 20);
  expect(asked).toEqual(named('a', 0, 16));
  await turn();
  expect(asked).toEqual(named('a', 0, 24));
  await turn();
  expect(asked).toEqual(named('a', 0, 25));
});

it('has no client wait for another', async () => {
  const { asked, ask } = open();
  ask('a', 100);
  ask('b', 3);
  expect(asked).toEqual([...named('a', 0, 8), ...named('b', 0, 3)]);
  await turn();
  ask('b', 3, 3);
  expect(asked.slice(11)).toEqual([...named('a', 8, 16), ...named('b', 3, 6)]);
});

it('gives a client a whole turn again after a quiet one', async () => {
  const { asked, ask } = open();
  ask('a', 8);
  await turn();
  await turn();
  ask('a', 8, 8);
  expect(asked).toEqual(named('a', 0, 16));
});

it('leaves out what nobody wants any more, and spends no room of a turn on it', async () => {
  const share = new TurnShare();
  const asked: number[] = [];
  const forget = Array.from({ length: 30 }, (_, at) => share.ask('a', () => asked.push(at)));
  for (const at of [3, 8, 9, 17]) forget[at]!(); // the first one has been asked already
  await turn();
  expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 18]);
});

it('gives connections of a client their turns one after another, each as much as is left of it', async () => {
  const share = new TurnShare(4);
  const taken: string[] = [];
  const connection = (name: string, requests: number) => {
    let left = requests;
    const goOn = () => {
      for (; left > 0 && share.take('a'); left -= 1) taken.push(name);
      if (left > 0) share.wait('a', { goOn });
    };
    goOn();
  };
  connection('x', 9);
  connection('y', 3);
  connection('z', 2);
  expect(taken.join('')).toBe('xxxx');
  await turn();
  expect(taken.join('')).toBe('xxxxxxxx');
  await turn();
  expect(taken.join('')).toBe('xxxxxxxxyyyz');
  await turn();
  expect(taken.join('')).toBe('xxxxxxxxyyyzxz');
});
