// How a name is answered, over HTTP: what is asked of the chain, what is told, and what is forgotten; and that docs/api.md
// says all of it.

import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { type NamesSubject, namesCommon, namesPages, namesRoutes } from '../../../src/admin/names-routes.ts';
import type { AdminRoute } from '../../../src/admin/route.ts';
import { adminRoutes } from '../../../src/admin/routes.ts';
import { TYPE } from '../../../src/dns/codes.ts';
import { nameKey, parseName } from '../../../src/dns/names.ts';
import { parseRecordText } from '../../../src/dns/record-text.ts';
import type { Explained, ExplainQuestion } from '../../../src/resolver/explained.ts';
import type { Page } from '../../../src/web/page.ts';
import { adminSubject } from '../../support/admin-subjects.ts';
import { adminVisit, answerOf } from '../../support/admin-visits.ts';
import { eventually } from '../../support/eventually.ts';
import { explained } from '../../support/explained.ts';

function subject(parts: Partial<NamesSubject> = {}) {
  const asked: ExplainQuestion[] = [];
  const forgotten: [string | null, boolean][] = [];
  const own: NamesSubject = {
    explainName: async (question) => {
      asked.push(question);
      return explained();
    },
    flushCache: (name, below) => {
      forgotten.push([name, below]);
      return 3;
    },
    zones: () => [],
    ...parts,
  };
  const common = namesCommon(own);
  const { page } = namesPages(own, common)['/names']!;
  return { own, routes: namesRoutes(own, common), page, asked, forgotten };
}

/** Its lead and what stands in its sections. */
function bodyOf({ lead, sections }: Page): string {
  return [lead, ...sections.map(({ body }) => body)].map(({ text }) => text).join();
}

describe('GET /api/lookup', () => {
  it('asks for the client that is named, else for who asks, and tells all that is known', async () => {
    const { routes, asked } = subject();
    const answer = await answerOf(routes, 'GET', '/api/lookup?name=Www.example&type=aaaa&client=fd00::7');
    await answerOf(routes, 'GET', '/api/lookup?name=www.example');
    expect(asked).toEqual([
      { name: parseName('Www.example'), type: TYPE.AAAA, client: 'fd00::7' },
      { name: parseName('www.example'), type: TYPE.A, client: '192.168.1.30' },
    ]);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body as string)).toEqual({ ...explained(), readableName: null });
  });

  it('shows a name beyond ASCII both ways', async () => {
    const { routes, asked } = subject({
      explainName: async (question) => {
        asked.push(question);
        return explained({ name: 'xn--bcher-kva.example.' });
      },
    });
    const answer = await answerOf(routes, 'GET', `/api/lookup?name=${encodeURIComponent('bücher.example')}`);
    expect(asked[0]!.name).toBe(parseName('xn--bcher-kva.example'));
    expect(JSON.parse(answer.body as string)).toMatchObject({ readableName: 'bücher.example.' });
  });

  it('says what is wrong, and asks nobody', async () => {
    const { routes, asked } = subject();
    expect(await answerOf(routes, 'GET', '/api/lookup')).toMatchObject({
      ...{ status: 400, body: 'A name is needed, such as nas.home.arpa.\n' },
      type: 'text/plain; charset=utf-8',
    });
    expect(await answerOf(routes, 'GET', '/api/lookup?name=a..b')).toMatchObject({ status: 400 });
    expect(await answerOf(routes, 'GET', '/api/lookup?name=a&type=B')).toMatchObject({ status: 400 });
    expect(asked).toEqual([]);
  });

  it('waits for few at a time', async () => {
    const waiting: ((found: Explained) => void)[] = [];
    const { routes } = subject({
      explainName: () => new Promise((resolve) => waiting.push(resolve)),
    });
    const look = () => answerOf(routes, 'GET', '/api/lookup?name=a.example');
    const first = Array.from({ length: 8 }, look);
    expect(await look()).toMatchObject({
      status: 503,
      body: expect.stringMatching(/^8 look-ups are under way/),
    });
    for (const resolve of waiting) resolve(explained());
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    const last = look();
    waiting.at(-1)!(explained());
    expect(await last).toMatchObject({ status: 200 });
  });

  it('has the page wait along: eight are eight for both', async () => {
    const waiting: ((found: Explained) => void)[] = [];
    const explainName = () => new Promise<Explained>((resolve) => waiting.push(resolve));
    const routes = adminRoutes(adminSubject({ explainName }));
    const first = Array.from({ length: 8 }, (_, at) =>
      answerOf(routes, 'GET', `${at % 2 === 0 ? '/api/lookup' : '/names'}?name=a.example`),
    );
    await eventually(() => waiting.length === 8);
    expect(await answerOf(routes, 'GET', '/api/lookup?name=a.example')).toMatchObject({ status: 503 });
    expect(await answerOf(routes, 'GET', '/names?name=a.example')).toMatchObject({ status: 503 });
    for (const resolve of waiting) resolve(explained());
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual(Array(8).fill(200));
  });

  it('counts a look-up that ends in a bug as over', async () => {
    const explainName = vi.fn(async () => {
      throw new Error('a bug');
    });
    const { routes } = subject({ explainName });
    for (let at = 0; at < 9; at += 1)
      await expect(answerOf(routes, 'GET', '/api/lookup?name=a.example')).rejects.toThrow('a bug');
  });
});

describe('DELETE /api/cache', () => {
  it.each([
    ['name=Www.example', nameKey('www.example'), false],
    ['name=www.example&below', nameKey('www.example'), true],
    [`name=${encodeURIComponent('bücher.example')}`, nameKey('xn--bcher-kva.example'), false],
    ['name=.&below', nameKey('.'), true],
    ['all', null, false],
  ])('?%s forgets that', async (query, name, below) => {
    const { routes, forgotten } = subject();
    const answer = await answerOf(routes, 'DELETE', `/api/cache?${query}`);
    expect(forgotten).toEqual([[name, below]]);
    expect(JSON.parse(answer.body as string)).toEqual({ flushed: 3 });
  });

  it.each(['', 'below', 'name=', 'name=a..b', 'name=a&all', 'name=&all'])(
    '?%s forgets nothing',
    async (query) => {
      const { routes, forgotten } = subject();
      expect(await answerOf(routes, 'DELETE', `/api/cache?${query}`)).toMatchObject({ status: 400 });
      expect(forgotten).toEqual([]);
    },
  );
});

describe('POST /names/flush', () => {
  const post = (routes: ReturnType<typeof namesRoutes>, form: string) =>
    answerOf(routes, 'POST', '/names/flush', { form: new URLSearchParams(form) });

  it('forgets, and goes back to the page with how many it were', async () => {
    const { routes, forgotten } = subject();
    const answer = await post(routes, 'name=Www.example.&type=AAAA&client=fd00::7&below=on');
    expect(forgotten).toEqual([[nameKey('www.example'), true]]);
    expect(answer).toMatchObject({
      status: 303,
      fields: {
        location: expect.stringMatching(
          /^\/names\?name=Www.example.&type=AAAA&client=fd00%3A%3A7&flushed=[\da-f-]{36}$/,
        ),
      },
    });
  });

  it('is told on that page once, and neither to a reload nor to a bookmark', async () => {
    const { routes, page } = subject();
    const { fields } = await post(routes, 'name=www.example');
    const look = async () => bodyOf(await page(adminVisit(fields!.location as string)));
    expect(await look()).toContain('3 answers were forgotten just now; this is a new look-up.');
    expect(await look()).not.toContain('forgotten just now');
  });

  it('remembers few that nobody has come back for', async () => {
    const { routes, page } = subject();
    const first = await post(routes, 'name=www.example');
    for (let times = 0; times < 16; times += 1) await post(routes, 'name=www.example');
    const shown = bodyOf(await page(adminVisit(first.fields!.location as string)));
    expect(shown).not.toContain('forgotten just now');
  });

  it('goes nowhere else, whatever the name is', async () => {
    const { routes } = subject();
    const answer = await post(routes, `name=${encodeURIComponent('//evil.example/\\@x')}`);
    expect(answer.fields?.location).toMatch(
      /^\/names\?name=%2F%2Fevil\.example%2F%5C%40x&flushed=[\da-f-]{36}$/,
    );
    const split = await post(routes, `name=${encodeURIComponent('a\r\nset-cookie: b')}`);
    expect(split).toMatchObject({ status: 400 });
  });

  it('is refused without a name', async () => {
    const { routes, forgotten } = subject();
    expect(await post(routes, 'below=on')).toMatchObject({ status: 400 });
    expect(forgotten).toEqual([]);
  });
});

describe('the page', () => {
  const page = async (query: string, parts: Partial<NamesSubject> = {}) => {
    const { page: render, asked } = subject(parts);
    const made = await render(adminVisit(`/names?${query}`));
    return { made, asked, text: bodyOf(made) };
  };

  it('asks nothing until somebody does, and offers names of the house that have an address', async () => {
    const records = ['*', 'nas', 'nas', 'printer', 'mail', 'tv'].map((owner) =>
      parseRecordText(`${owner} A 192.168.1.20`, nameKey('home.arpa')),
    );
    const text = parseRecordText('about TXT "us"', nameKey('home.arpa'));
    const { asked, text: shown } = await page('', {
      zones: () => [{ name: nameKey('home.arpa'), records: [text, ...records] }],
    });
    expect(asked).toEqual([]);
    expect([...shown.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual(
      ['nas', 'printer', 'mail'].map((name) => `/names?name=${name}.home.arpa`),
    );
  });

  it('shows what was found, and says what is wrong with a status that says so', async () => {
    const { made, text } = await page('name=www.example&flushed=2');
    expect(made.status).toBe(200);
    expect(text).toContain('Answered by the upstream tls://dns.example.');
    expect(text).not.toContain('notice'); // what anybody may write into a URL
    expect((await page('name=a..b')).made.status).toBe(400);
  });

  it.each([
    ['name=nas', 'nas.home.arpa'],
    ['name=NAS.', 'nas.home.arpa'],
    ['name=lab', null], // only a wildcard lies below it
    ['name=nas.example', null],
    ['name=telly', null],
  ])('?%s: the name of a house that was meant is %s', async (query, meant) => {
    const zone = nameKey('home.arpa');
    const own = ['Nas A 192.168.1.20', '*.lab A 192.168.1.40'].map((text) => parseRecordText(text, zone));
    const parts = (records: Explained['records']): Partial<NamesSubject> => ({
      explainName: async () => explained({ records }),
      zones: () => [{ name: zone, records: own }],
    });
    const { text } = await page(`${query}&client=fd00::7`, parts([]));
    const link = `Did you mean <a href="/names?name=${meant}&amp;client=fd00%3A%3A7"><bdi>${meant}</bdi></a>?`;
    if (meant === null) expect(text).not.toContain('Did you mean');
    else expect(text).toContain(link);
    const found = await page(query, parts(explained().records));
    expect(found.text).not.toContain('Did you mean');
  });
});

it('only those who are admitted see or change any of it', () => {
  const { own, routes } = subject();
  const pages = namesPages(own, namesCommon(own));
  for (const route of Object.values(routes).flat() as AdminRoute[]) expect(route.access).toBe('admitted');
  for (const { access } of Object.values(pages)) expect(access).toBe('admitted');
});

describe('docs/api.md', () => {
  const docs = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
  const section = docs.split(/^## /m).find((part) => part.startsWith('`/api/lookup`'))!;

  it.each(['/names', '/api/lookup?name=…', 'DELETE /api/cache?name=…'])('has the path %s', (path) => {
    expect(docs.includes(`| \`${path}\` |`)).toBe(true);
  });

  it('has each field of a look-up, and no other', () => {
    const rows = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, fields]) => fields!);
    const named = rows.flatMap((row) =>
      [...row.matchAll(/`([a-zA-Z]+)(?:\[\])?`/g)].map(([, field]) => field!),
    );
    expect(named.sort()).toEqual(Object.keys({ ...explained(), readableName: null }).sort());
  });

  it('has each way of forgetting', () => {
    const forgetting = docs.split(/^## /m).find((part) => part.startsWith('`/api/cache`'))!;
    for (const word of ['DELETE /api/cache?name=…', '&below', '?all', '{"flushed": 3}'])
      expect(forgetting).toContain(`\`${word}\``);
  });
});
