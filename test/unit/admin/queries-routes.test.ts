// The query log over HTTP: JSON, refusals, and the page of the same values.

import { describe, expect, it } from 'vitest';
import { adminRoutes } from '../../../src/admin/routes.ts';
import type { QueryLogReport } from '../../../src/status/query-log-report.ts';
import { adminSubject } from '../../support/admin-subjects.ts';
import { answerOf } from '../../support/admin-visits.ts';
import { queryLogWith } from '../../support/query-logs.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const clock = new SimulatedClock();
const queryLog = queryLogWith(
  clock,
  'full',
  { name: 'a.example.' },
  { name: 'b.example.', rcode: 'NXDOMAIN' },
);
const routes = adminRoutes(adminSubject({ clock, queryLog }));
const get = (path: string) => answerOf(routes, 'GET', path);

describe('/api/queries', () => {
  it('has what is kept, and what of it is wished', async () => {
    const { status, type, body } = await get('/api/queries?rcode=NXDOMAIN&limit=5');
    expect([status, type]).toEqual([200, 'application/json']);
    const report = JSON.parse(String(body)) as QueryLogReport;
    expect(report).toMatchObject({ log: 'full', kept: 2, entries: [{ id: 2, name: 'b.example.' }] });
  });

  it('refuses what it does not understand', async () => {
    expect(await get('/api/queries?type=X')).toMatchObject({
      status: 400,
      body: expect.stringContaining('`type` needs a record type'),
    });
    expect((await get('/api/queries?still')).status).toBe(400);
  });
});

describe('/queries', () => {
  it('is a page of the same, and may be held still', async () => {
    const { status, body } = await get('/queries?name=b.ex&still');
    expect(status).toBe(200);
    expect(String(body)).toContain('b.example');
    expect(String(body)).not.toContain('<bdi>a.example</bdi></a></th><td');
    expect(String(body)).toContain('<bdi>b.example</bdi></a></th><td');
    expect(String(body)).toContain('value="b.ex"');
  });

  it('has 50 rows unless more are wished', async () => {
    const many = Array.from({ length: 60 }, () => ({}));
    const own = adminRoutes(adminSubject({ clock, queryLog: queryLogWith(clock, 'full', ...many) }));
    const shown = async (path: string) => String((await answerOf(own, 'GET', path)).body);
    expect(await shown('/queries')).toContain('50 of 60, the latest first.');
    expect(await shown('/queries?limit=55')).toContain('55 of 60, the latest first.');
  });

  it('says what is wrong with what is wished', async () => {
    const { status, body } = await get('/queries?rcode=3');
    expect(status).toBe(400);
    expect(String(body)).toContain('“Response code” needs a response code');
  });
});

it.each(['/api/queries', '/queries'])('%s is for who is admitted alone', (path) => {
  const route = routes[path]!;
  expect([route].flat().map(({ access }) => access)).toEqual(['admitted']);
});
