// What the household of a rehearsal asks, and what is made of what it saw.

import { describe, expect, it } from 'vitest';
import {
  type Asked,
  backAfterMs,
  firstAfterMs,
  internalQuestion,
} from '../../../src/cli/rehearsal-household.ts';
import { filesOnDisk } from '../../../src/config/named-files.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { typeName } from '../../../src/dns/codes.ts';
import { formatName } from '../../../src/dns/names.ts';

const LISTEN = 'listen: {dns: ["127.0.0.1:5300"]}';

function internalQuestionOf(yaml: string): string {
  const { config } = parseConfig(`${LISTEN}\n${yaml}`, { file: '/noonmark.yaml', files: filesOnDisk });
  const { name, type } = internalQuestion(config);
  return `${formatName(name)} ${typeName(type)}`;
}

describe('the question about the house', () => {
  it('is a record of a zone that stands for itself', () => {
    const records = '["*.lab A 192.168.1.4", "files CNAME nas", "nas AAAA fd00::20", "pc A 192.168.1.5"]';
    expect(internalQuestionOf(`zones: {home.arpa: {records: ${records}}}`)).toBe('nas.home.arpa. AAAA');
  });

  it('is the name on the certificate where there is no such record, and localhost at the last', () => {
    expect(internalQuestionOf('certificate: {names: [dns.home.example]}')).toBe('dns.home.example. A');
    expect(internalQuestionOf('')).toBe('localhost. A');
  });
});

/** "askedAt+took" for an answer, with a minus before it for none. */
function history(...texts: readonly string[]): Asked[] {
  return texts.map((text) => {
    const isAnswered = !text.startsWith('-');
    const [askedAtMs, tookMs] = text.replace('-', '').split('+').map(Number) as [number, number];
    return { askedAtMs, endedAtMs: askedAtMs + tookMs, isAnswered, told: isAnswered ? '' : 'SERVFAIL' };
  });
}

describe('how long the household waits', () => {
  it('from the start, until the first answer has come', () => {
    expect(firstAfterMs(history('-1000+5', '-1100+5', '1200+30', '1300+1'), 1000)).toBe(230);
    expect(firstAfterMs(history('-1000+5'), 1000)).toBeNull();
    expect(firstAfterMs([], 1000)).toBeNull();
  });

  it.each([
    ['names go on being answered', ['900+5', '1000+5', '1100+5'], 0],
    ['they stop, and come back', ['1000+5', '-1100+5', '-1200+5', '1300+40', '1400+5'], 340],
    ['they come and go, and the last gap counts', ['-1000+5', '1100+5', '-1200+5', '1300+5'], 305],
    ['one asked meanwhile never gets an answer', ['1100+5', '-1000+5000', '1200+5'], 105],
    ['they do not come back', ['900+5', '1000+5', '-1100+5'], null],
    ['only those before the step were answered', ['900+5'], null],
    ['nothing was asked', [], null],
  ])('from a step: %s', (_, texts, afterMs) => {
    expect(backAfterMs(history(...texts), 1000)).toBe(afterMs);
  });
});
