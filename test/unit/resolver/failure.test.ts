// What is thrown, and what becomes of it.

import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { ClockNotReady, TooManyPending, UpstreamFailure } from '../../../src/dns/failures.ts';
import { Query } from '../../../src/dns/query.ts';
import { failure } from '../../../src/resolver/failure.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { giving } from '../../support/late.ts';
import { ask, contextAt } from '../../support/messages.ts';

function given(throws: () => never, query = ask('www.example')) {
  const log = new RecordedLog();
  const link = failure(log);
  return {
    log,
    atOnce: link({ resolve: throws }).resolve(query, contextAt(0)),
    later: link({ resolve: giving(async () => throws()) }).resolve(query, contextAt(0)),
  };
}

describe('an expected failure', () => {
  it.each([
    [new UpstreamFailure('upstream-silent', 'nobody'), 22, 'nobody'],
    [new UpstreamFailure('upstream-unreachable', 'refused'), 23, 'refused'],
    [new UpstreamFailure('upstream-untrusted', 'wrong name'), 23, 'wrong name'],
    [new ClockNotReady('1970'), 14, 'clock untrusted: 1970'],
    [new TooManyPending('too many'), 0, 'too many'],
  ])(
    '%o becomes SERVFAIL with its extended error, thrown at once or later, and is no log line',
    async (error, code, text) => {
      const { log, atOnce, later } = given(() => {
        throw error;
      });
      for (const answer of [atOnce, await later]) {
        expect(answer).toMatchObject({ rcode: 2, errors: [{ code, text }], answers: 0 });
      }
      expect(log.lines).toEqual([]);
    },
  );
});

describe('a bug', () => {
  it('becomes SERVFAIL, and its stack and the name go into the log and not to the client', async () => {
    const { log, atOnce, later } = given(() => {
      throw new TypeError('secret detail');
    });
    for (const answer of [atOnce, await later]) {
      expect(answer).toMatchObject({ rcode: 2, errors: [{ code: 0, text: 'internal error' }] });
    }
    expect(log.lines).toHaveLength(2);
    expect(log.lines[0]).toMatchObject({
      fields: { name: 'www.example.', stack: expect.stringContaining('secret detail') },
    });
  });

  it('that throws no Error, on a query without a question, is told as well', () => {
    const { log } = given(
      () => {
        throw 'a string';
      },
      new Query(Buffer.alloc(12)),
    );
    expect(log.lines[0]!.fields).toEqual({ name: '(no question)', stack: 'a string' });
  });
});

it('an answer goes through as it is, and at once where it is there at once', () => {
  const answer = Answer.ofRcode(3);
  expect(
    failure(new RecordedLog())({ resolve: () => answer }).resolve(ask('www.example'), contextAt(0)),
  ).toBe(answer);
});
