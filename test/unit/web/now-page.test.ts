// The page of now as text: what it says, and what it must never contain.

import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/status/status.ts';
import { looseDates, nowDocument } from '../../support/documents.ts';
import * as statuses from '../../support/statuses.ts';
import {
  issued,
  notIssued,
  notRenewed,
  oneLiar,
  provisionalByStamp,
  synchronized,
  untrusted,
} from '../../support/statuses.ts';

/** Without the marks that keep a date on one line. */
const withoutWhole = (page: string) =>
  page.replace(/<span class="whole">([^<]*)<\/span>/g, '$1').replace(/<\/?time\b[^>]*>/g, '');

const MAX_OCTETS = 20_000;
const STORIES: readonly [string, Status][] = Object.entries(statuses);

describe.each(STORIES)('the page of %s', (_story, status) => {
  const page = nowDocument(status);

  it('is small, and has no inline script or style and no address elsewhere', () => {
    expect(Buffer.byteLength(page)).toBeLessThan(MAX_OCTETS);
    expect(page).not.toMatch(/<script>|<style|javascript:|\son\w+=|\sstyle=|@import/i);
    const addresses = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address!);
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(address).toMatch(/^(\/|data:|#main$)/);
    expect(page).not.toMatch(/url\(/);
  });

  it('keeps each date together', () => {
    expect(looseDates(page)).toEqual([]);
  });

  it('names each id once, and labels only by ids that are there', () => {
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids).toContain(id);
  });

  it('has one heading of the first order and closes its elements', () => {
    expect(page.match(/<h1/g)).toHaveLength(1);
    for (const element of [
      'section',
      'table',
      'svg',
      'dl',
      'ul',
      'main',
      'footer',
      'g',
      'text',
      'td',
      'th',
    ]) {
      const opened = page.match(new RegExp(`<${element}[\\s>]`, 'g'))?.length ?? 0;
      expect(page.match(new RegExp(`</${element}>`, 'g'))?.length ?? 0, element).toBe(opened);
    }
  });

  it('says nothing of undefined, NaN or null', () => {
    expect(page).not.toMatch(/undefined|NaN|\bnull\b|Infinity/);
  });
});

describe('what the page says', () => {
  it('begins with the state, then with what to do', () => {
    const page = nowDocument(oneLiar);
    expect(page).toContain('2 things need attention.</h1>');
    expect(page.indexOf('<em>Do this:</em> Repair the time daemon')).toBeLessThan(page.indexOf('id="clock"'));
    expect(nowDocument(synchronized)).not.toContain('Do this');
  });

  it('shows who was kept, who was not, and why', () => {
    expect(withoutWhole(nowDocument(oneLiar))).toContain(
      '<span class="bad">rejected</span>: says a time that 3 others contradict',
    );
    expect(nowDocument(synchronized)).toContain('<span class="good">used</span>: agrees');
    expect(withoutWhole(nowDocument(provisionalByStamp))).toContain(
      '<span class="soft">silent</span>: no answer within 1.5 s',
    );
  });

  it('has the drawing in words', () => {
    const title = (status: Status) => /<title id="noonmark">([^<]+)</.exec(nowDocument(status))?.[1];
    expect(title(synchronized)).toBe(
      'The sun&#39;s line is our own time; the system clock is beside it: within 1 ms.',
    );
    expect(title(untrusted)).toContain('the time is not known');
    expect(title(untrusted)).toContain('says 1970-01-01');
    const blind = { ...untrusted, clock: { ...untrusted.clock, systemClock: null } };
    expect(title(blind)).toContain('cannot be read');
  });

  it('hangs the wall clock to the left when it is behind, to the right when ahead, and on the line when right', () => {
    const placed = (systemClockOffsetMs: number) => {
      const page = nowDocument({ ...synchronized, clock: { ...synchronized.clock, systemClockOffsetMs } });
      return Number(/class="face" cx="([\d.]+)"/.exec(page)?.[1]);
    };
    expect(placed(0)).toBe(200);
    expect(placed(-1e12)).toBeLessThan(placed(-3_600_000));
    expect(placed(-3_600_000)).toBeLessThan(200);
    expect(placed(3_600_000)).toBeGreaterThan(200);
    expect(placed(1e15)).toBeLessThanOrEqual(400 - 15);
  });

  it('draws the life of the certificate against our own time only', () => {
    expect(withoutWhole(nowDocument(synchronized))).toContain('31 d 1 h left');
    expect(nowDocument(synchronized)).toContain('class="past"');
    expect(nowDocument(untrusted)).toContain('where in it we are is not known');
    expect(nowDocument(untrusted)).not.toContain('class="past"');
  });

  it('shows every certificate with its life, its issuer and its next', () => {
    const page = withoutWhole(nowDocument(issued));
    expect(page).toContain('<h2 id="certificate-title">Certificates of this server</h2>');
    expect(page.match(/class="past"/g)).toHaveLength(2);
    expect(page).toContain('<h3>dns.home.example, home.example</h3>');
    expect(page).toContain('76 d 1 h left, 15 % over');
    expect(page).toContain('<dt>from</dt><dd>acme-v02.api.letsencrypt.org, proven by dns-01</dd>');
    expect(page).toContain('<dd>is due on 2026-12-19 08:12:00 UTC, drawn from the CA&#39;s window</dd>');
    expect(page).toContain(
      '<dt>CA&#39;s window</dt><dd>2026-12-18 06:00:00 UTC to 2026-12-20 06:00:00 UTC</dd>',
    );
    expect(page).toContain('<h3>dns.lab.example</h3>');
    expect(page).toContain('<dt>shown to</dt><dd>who asks for these names</dd>');
    expect(nowDocument(synchronized)).toContain('>Certificate of this server</h2>');
    expect(nowDocument({ ...synchronized, certificates: [] })).not.toContain('id="certificate"');
  });

  it('marks in the life where the next one is due, by the dates of the certificate', () => {
    const due = (status: Status) => Number(/class="due" x="(\d+)"/.exec(nowDocument(status))?.[1]);
    // From October 20 to December 19 are 60 of the 90 days, and two thirds of 400 are 267.
    expect(due(issued)).toBe(266);
    expect(nowDocument(synchronized)).not.toContain('class="due"');
    const far = { ...issued, issuances: [{ ...issued.issuances[0]!, renewAt: '2030-01-01T00:00:00.000Z' }] };
    expect(nowDocument(far)).not.toContain('class="due"');
  });

  it("says that the local CA's certificate is served while the CA has not issued one, and why", () => {
    const page = withoutWhole(nowDocument(notIssued));
    expect(page).toContain('<p>With no certificate of the CA yet, the local CA&#39;s is served.</p>');
    expect(page).toContain('<dd>the local CA, until acme-v02.api.letsencrypt.org has issued one</dd>');
    expect(page).toContain(
      '<dd>is due, and the last order failed (next look at 2026-11-03 08:16:02 UTC)</dd>',
    );
    expect(page).toContain(
      '<dt>last failure</dt><dd>2026-11-03 08:11:02 UTC: dns.home.example was not proven',
    );
    expect(page.match(/class="hollow"/g)).toHaveLength(1);
    expect(nowDocument(notRenewed)).toContain('who asks for these names is shown the first one.');
    expect(nowDocument(notRenewed)).toContain('<dt>waits for</dt><dd>the last 9 attempts failed');
  });

  it('can be told to stand still, and to go on', () => {
    expect(nowDocument(synchronized)).toContain('<meta http-equiv="refresh" content="10">');
    expect(nowDocument(synchronized)).toContain('href="/?still"');
    const still = nowDocument(synchronized, { isStill: true, target: '/?still' });
    expect(still).not.toMatch(/http-equiv="refresh"|live\.js/);
    expect(still).toContain('<a href="/">Held still; go on</a>');
  });

  it('takes no name for markup', () => {
    const evil = "\"><script>alert(1)</script><img src=x onerror='a'>\u202e";
    const hostileLike = (status: Status) =>
      JSON.parse(JSON.stringify(status), (key, value) =>
        typeof value === 'string' &&
        !/^\d{4}-\d\d-/.test(value) &&
        !['state', 'basis', 'phase', 'source'].includes(key)
          ? evil
          : value,
      ) as Status;
    for (const status of [oneLiar, issued, notIssued, notRenewed]) {
      const page = nowDocument(hostileLike(status));
      expect(page).not.toMatch(/<script>|<img|onerror='/);
      expect(page).not.toContain('\u202e');
      expect(page).toContain('&lt;script&gt;');
    }
  });
});
