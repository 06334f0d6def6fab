// What dnsperf 2.10 and h2load 1.52 print, read as the bench reads it.

import { describe, expect, it } from 'vitest';
import { readDnsperf, readH2load, readLatencies } from '../../../bench/tool-output.ts';

const dnsperf = (codes: string) => `
Statistics:

  Queries sent:         145374
  Queries completed:    145300 (99.95%)
  Queries lost:         74 (0.05%)

  Response codes:       ${codes}
  Average packet size:  request 44, response 60
  Run time (s):         2.002588
  Queries per second:   72593.535823
`;

describe('dnsperf', () => {
  it('says how many answers came in how many seconds, and how many did not', () => {
    expect(readDnsperf(dnsperf('NOERROR 145300 (100.00%)'))).toEqual({
      answers: 145_300,
      lost: 74,
      seconds: 2.002588,
    });
  });

  it('counts for nothing where an answer was not NOERROR', () => {
    expect(() => readDnsperf(dnsperf('NOERROR 145299 (100.00%), SERVFAIL 1 (0.00%)'))).toThrow(/SERVFAIL 1/);
    expect(() => readDnsperf(dnsperf('FORMERR 1 (0.00%), NOERROR 145299 (100.00%)'))).toThrow(/FORMERR 1/);
    expect(() => readDnsperf(dnsperf('SERVFAIL 145300 (100.00%)'))).toThrow(/not every answer/);
  });

  it('counts for nothing where it says nothing, or nobody answered', () => {
    expect(() => readDnsperf('Error: unable to connect')).toThrow(/unable to connect/);
    const nothing = dnsperf('').replace('145300 (99.95%)', '0 (0.00%)');
    expect(() => readDnsperf(nothing)).toThrow(/no answer at all/);
  });

  it('tells each latency with -v', () => {
    const lines =
      '[Status] Sending\n> NOERROR hit1.bench.example A 0.000053\n> NOERROR hit2.bench.example A 0.012000\n';
    expect(readLatencies(lines).map(Math.round)).toEqual([53, 12_000]);
  });
});

describe('h2load', () => {
  const counts = (done: number, succeeded: number) =>
    `requests: 18443 total, 18443 started, ${done} done, ${succeeded} succeeded, 0 failed, 0 errored, 0 timeout`;

  it('says how many requests succeeded', () => {
    expect(readH2load(counts(18_343, 18_343), 2)).toEqual({ answers: 18_343, lost: 100, seconds: 2 });
  });

  it('counts for nothing where one did not, or none did', () => {
    expect(() => readH2load(counts(18_343, 18_342), 2)).toThrow(/1 of 18343/);
    expect(() => readH2load(counts(0, 0), 2)).toThrow(/no answer at all/);
    expect(() => readH2load('finished in 0us', 2)).toThrow(/nothing that counts/);
  });
});
