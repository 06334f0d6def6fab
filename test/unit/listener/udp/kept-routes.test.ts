// Routes of those who wait: each is what it was, however many there are and whichever go.

import { expect, it } from 'vitest';
import { KeptRoutes } from '../../../../src/listener/udp/kept-routes.ts';
import { ROUTE_WORDS } from '../../../../src/listener/udp/message-batch.ts';

/** Somewhere in the words of a batch. */
const AT = 7;

function keep(routes: KeptRoutes, value: number): number {
  const words = new Int32Array(AT + ROUTE_WORDS + 1).fill(-1);
  words.fill(value, AT, AT + ROUTE_WORDS);
  return routes.keep(words, AT);
}

const kept = ({ words }: KeptRoutes, route: number) => [
  ...new Set(words.subarray(route, route + ROUTE_WORDS)),
];

it('keeps as many as wait, and each as it came', () => {
  const routes = new KeptRoutes();
  const places = Array.from({ length: 100 }, (_, at) => keep(routes, at));
  expect(places.map((place) => kept(routes, place))).toEqual(places.map((_, at) => [at]));
});

it('gives the place of one that is released to another, and of no one else', () => {
  const routes = new KeptRoutes();
  const places = Array.from({ length: 20 }, (_, at) => keep(routes, at));
  routes.release(places[3]!);
  routes.release(places[8]!);
  const again = [keep(routes, 30), keep(routes, 31), keep(routes, 32)];
  expect(new Set([...places, ...again]).size).toBe(21);
  expect(again.map((place) => kept(routes, place))).toEqual([[30], [31], [32]]);
  for (const at of [0, 4, 19]) expect(kept(routes, places[at]!)).toEqual([at]);
});
