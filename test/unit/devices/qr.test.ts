// The QR codes: read back from their drawing and from a terminal's lines, by another reader than the writer's.

import decodeQR from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { qrDrawing, qrLines } from '../../../src/devices/qr.ts';

const TEXTS = [
  'dns.example.com',
  'https://192.168.1.2:8080/devices/apple',
  'https://[fd00:1234:5678:9abc::2]:8080/devices/apple',
  'ünïcode 📶',
];
const SCALE = 4;

/** What a camera sees: `isDark` by module, each as a square of pixels. */
function read(size: number, isDark: (x: number, y: number) => boolean): string {
  const side = size * SCALE;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1)
      if (isDark(Math.floor(x / SCALE), Math.floor(y / SCALE)))
        data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
  return decodeQR(
    { width: side, height: side, data },
    { effort: Number.POSITIVE_INFINITY, timeLimit: Number.POSITIVE_INFINITY },
  );
}

describe.each(TEXTS)('of %j', (text) => {
  it('the path is read', () => {
    const { size, path } = qrDrawing(text);
    const dark = new Set<string>();
    for (const [, x, y, width, left] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H(\d+)z/g)) {
      expect(left).toBe(x);
      for (let at = Number(x); at < Number(x) + Number(width); at += 1) dark.add(`${at} ${y}`);
    }
    expect(path.replace(/M\d+ \d+h\d+v1H\d+z/g, '')).toBe('');
    expect(read(size, (x, y) => dark.has(`${x} ${y}`))).toBe(text);
  });

  it('the lines are read, with a quiet border and of one length', () => {
    const lines = qrLines(text, false);
    const upper = (block: string) => block === '█' || block === '▀';
    const lower = (block: string) => block === '█' || block === '▄';
    const at = (x: number, y: number) => lines[Math.floor(y / 2)]?.[x] ?? ' ';
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
    expect(lines.slice(0, 2).join('').trim()).toBe('');
    const isDark = (x: number, y: number) => (y % 2 === 0 ? upper : lower)(at(x, y));
    expect(read(lines[0]!.length, isDark)).toBe(text);
  });
});

it('a terminal gets black on white, whatever its colours are', () => {
  const [line] = qrLines('a', true);
  expect(line).toMatch(/^\u001b\[38;5;16;48;5;231m.*\u001b\[0m$/);
});
