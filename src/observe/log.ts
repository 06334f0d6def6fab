// The log: one line an event, text for people or JSON for machines, always on stderr.
// Names and messages from the network are escaped, so that a line is a line and a terminal stays a terminal
// (reliability row 21). Dates come from our own clock; while it is untrusted the line says so instead of lying.

import type { Clock } from '../clock/clock.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Values that may stand in a log line beside its message. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Looked at for each line, so that a reload may change them in place. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Where a finished line goes, newline included; default: stderr. */
  readonly write?: (line: string) => void;
}

export function createLog(clock: Clock, options: LogOptions): Log {
  const write = options.write ?? ((line: string) => process.stderr.write(line));
  const at = (level: LogLevel) => {
    const rank = LOG_LEVELS.indexOf(level);
    return (message: string, fields: LogFields = {}) => {
      if (rank < LOG_LEVELS.indexOf(options.level)) return;
      const line = options.format === 'json' ? jsonLine : textLine;
      write(line(timestamp(clock), level, message, fields));
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** RFC 3339 date, or seconds since start while no date can be believed. */
function timestamp(clock: Clock): string {
  if (clock.status.state === 'untrusted') return `+${(clock.monotonic() / 1000).toFixed(3)}s`;
  return new Date(clock.now().epochMs).toISOString();
}

function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${textValue(value)}`);
  return `${time} ${level.padEnd(5)} ${escapeControls(message)}${pairs.join('')}\n`;
}

function textValue(value: LogFields[string]): string {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return /^[\w.:/@%+,*[\]-]+$/.test(text)
    ? text
    : JSON.stringify(text).replace(/[\u007f-\uffff]/g, escapeOne);
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const own = { time, level, message };
  const line = JSON.stringify({ ...own, ...fields, ...own }); // first in the line, and not replaced by a field
  return `${line.replace(/[\u007f-\uffff]/g, escapeOne)}\n`;
}

/** Makes control characters, and everything that is not ASCII, visible and harmless. */
export function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\uffff]/g, escapeOne);
}

function escapeOne(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
