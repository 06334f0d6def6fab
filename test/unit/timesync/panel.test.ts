// Everybody is asked at once and nobody holds up the others; who leads nowhere is remembered with the reason.

import { expect, it } from 'vitest';
import { Panel } from '../../../src/timesync/panel.ts';
import type { RosterEntry } from '../../../src/timesync/roster.ts';
import type { TimeSource } from '../../../src/timesync/source.ts';
import { entryOf, Story } from './keeper-story.ts';

const story = new Story();

async function round(panel: Panel, isCalm = false): Promise<void> {
  const asked = panel.ask(isCalm);
  await story.machine.pass(2000);
  await asked;
}

/** An entry whose sources a test changes, and which remembers how often it was told to forget them. */
class Entry implements RosterEntry {
  readonly url = 'ntp://name.example';
  found: readonly TimeSource[] | Error;
  forgotten = 0;

  constructor(found: readonly TimeSource[] | Error) {
    this.found = found;
  }

  async sources(): Promise<readonly TimeSource[]> {
    if (this.found instanceof Error) throw this.found;
    return this.found;
  }

  forget(): void {
    this.forgotten += 1;
  }
}

it('without entries is empty', () => {
  expect(new Panel([], story.clock).isEmpty).toBe(true);
  expect(new Panel([new Entry([])], story.clock).isEmpty).toBe(false);
});

it('asks all sources at the same instant, and hears those that answer', async () => {
  const sources = story.threeSources();
  sources[1].behaviour = sources[1].hush;
  const panel = new Panel(sources.map(entryOf), story.clock);
  const atMs = story.machine.monotonic();
  await round(panel);
  expect(sources.map(({ askedAt }) => askedAt)).toEqual([[atMs], [atMs], [atMs]]);
  expect(panel.heard.map(({ source }) => source.peer)).toEqual(['a', 'c']);
  expect(panel.askings.map(({ source }) => source.peer)).toEqual(['a', 'b', 'c']);
});

it('keeps what it knows of a source as long as its entry names it, and no longer', async () => {
  const [a, b] = story.threeSources();
  const entry = new Entry([a]);
  const panel = new Panel([entry], story.clock);
  await round(panel);
  const [before] = panel.askings;
  entry.found = [b, a];
  await round(panel);
  expect(panel.askings[1]).toBe(before);
  entry.found = [b];
  await round(panel);
  expect(panel.askings.map(({ source }) => source)).toEqual([b]);
});

it('tells an entry to look again when none of its sources answers, and not while one does', async () => {
  const [a, b] = story.threeSources();
  a.behaviour = a.hush;
  const entry = new Entry([a, b]);
  const panel = new Panel([entry], story.clock);
  await round(panel);
  expect(entry.forgotten).toBe(0);
  b.behaviour = b.hush;
  await round(panel);
  expect(entry.forgotten).toBe(1);
});

it('shows an entry that leads nowhere, with the reason, until it leads somewhere', async () => {
  const [a, b] = story.threeSources();
  const entry = new Entry(new Error('nobody knows the name'));
  const panel = new Panel([entry, entryOf(b)], story.clock);
  await round(panel);
  expect(panel.unresolved).toEqual([{ url: entry.url, reason: 'nobody knows the name' }]);
  expect(panel.heard).toHaveLength(1);
  entry.found = [a];
  await round(panel);
  expect([panel.unresolved, panel.heard.length]).toEqual([[], 2]);
});

it('does not reject, whatever is thrown', async () => {
  const odd: RosterEntry = { url: 'odd', sources: () => Promise.reject(undefined), forget: () => {} };
  const thrower: RosterEntry = {
    url: 'thrower',
    sources: () => {
      throw new Error('at once');
    },
    forget: () => {},
  };
  const panel = new Panel([odd, thrower], story.clock);
  await round(panel);
  expect(panel.unresolved.map(({ reason }) => reason).sort()).toEqual(['at once', 'undefined']);
});

it('discards what was said before a suspend', async () => {
  const panel = new Panel(story.threeSources().map(entryOf), story.clock);
  await round(panel);
  expect(panel.heard).toHaveLength(3);
  panel.discard();
  expect(panel.heard).toEqual([]);
});
