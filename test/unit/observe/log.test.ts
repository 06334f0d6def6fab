// A line is a line, a terminal stays a terminal, and a date is only given while one can be believed.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLog, escapeControls, LOG_LEVELS, type LogOptions } from '../../../src/observe/log.ts';
import { SEED } from '../../support/arbitrary-messages.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const EPOCH_MS = Date.UTC(2027, 0, 2, 3, 4, 5, 678);
const HOSTILE = 'a\nb\r\u001b[31mred\u0007\u007f\u0085\u2028\u202eé"\\';

function logged(options: Partial<LogOptions> = {}) {
  const clock = new SimulatedClock({ epochMs: EPOCH_MS });
  const lines: string[] = [];
  const log = createLog(clock, {
    level: 'debug',
    format: 'text',
    write: (line) => void lines.push(line),
    ...options,
  });
  return { clock, log, lines };
}

describe('a line of text', () => {
  it('has date, level, message and fields in their order', () => {
    const { log, lines } = logged();
    log.info('ready', { udp: ['127.0.0.1:53', '[::1]:53'], ms: 1.5, ok: true, none: null });
    log.error('no fields');
    expect(lines).toEqual([
      '2027-01-02T03:04:05.678Z info  ready udp=127.0.0.1:53,[::1]:53 ms=1.5 ok=true none=null\n',
      '2027-01-02T03:04:05.678Z error no fields\n',
    ]);
  });

  it('quotes a value that could be taken for more than one, or for none', () => {
    const { log, lines } = logged();
    log.info('x', { a: 'b c=d', empty: '', quote: '"' });
    expect(lines[0]).toContain(' x a="b c=d" empty="" quote="\\""\n');
  });

  it('gives seconds since start while the clock is untrusted', () => {
    const { clock, log, lines } = logged();
    clock.setState('untrusted');
    clock.advance(12_345);
    log.warn('x');
    expect(lines[0]).toBe('+12.345s warn  x\n');
  });
});

describe('a line of JSON', () => {
  it('has the same, by name', () => {
    const { log, lines } = logged({ format: 'json' });
    log.warn('ready', { udp: ['127.0.0.1:53'], ms: 1.5, none: null });
    expect(lines[0]!.endsWith('}\n')).toBe(true);
    expect(JSON.parse(lines[0]!)).toEqual({
      time: '2027-01-02T03:04:05.678Z',
      level: 'warn',
      message: 'ready',
      udp: ['127.0.0.1:53'],
      ms: 1.5,
      none: null,
    });
  });

  it('gives back exactly what was logged, however hostile', () => {
    const { log, lines } = logged({ format: 'json' });
    log.info(HOSTILE, { name: HOSTILE });
    expect(JSON.parse(lines[0]!)).toMatchObject({ message: HOSTILE, name: HOSTILE });
  });

  it('keeps its time, level and message whatever a field is called', () => {
    const { log, lines } = logged({ format: 'json' });
    log.error('the message', { message: 'another', level: 'debug', time: 'never' });
    expect(JSON.parse(lines[0]!)).toMatchObject({
      message: 'the message',
      level: 'error',
      time: '2027-01-02T03:04:05.678Z',
    });
  });
});

describe('what comes from the network (reliability row 21)', () => {
  it.each(['text', 'json'] as const)('is one line of printable ASCII in %s, whatever it holds', (format) => {
    fc.assert(
      fc.property(anyText, anyText, (message, value) => {
        const { log, lines } = logged({ format });
        log.info(message, { value, list: [value] });
        expect(lines[0]).toMatch(/^[\x20-\x7e]*\n$/);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('is shown and not swallowed', () => {
    expect(escapeControls('a\n\u001bé')).toBe('a\\u000a\\u001b\\u00e9');
    const { log, lines } = logged();
    log.info('x', { name: HOSTILE });
    expect(lines[0]).toContain('\\u001b[31mred');
    expect(lines[0]).toContain('\\u202e');
  });
});

describe('a level', () => {
  it.each(LOG_LEVELS)('of %s lets itself and what is graver through', (level) => {
    const { log, lines } = logged({ level });
    for (const one of LOG_LEVELS) log[one]('x');
    expect(lines).toHaveLength(LOG_LEVELS.length - LOG_LEVELS.indexOf(level));
    expect(lines[0]).toContain(level);
  });
});
