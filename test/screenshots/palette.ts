// A picture of a page with 256 colours at most, as PNG (ISO/IEC 15948): a third of the octets, and no difference that an eye
// finds on a page of few colours. It reads what Chromium writes, 8 bits a channel with or without alpha, and nothing else.

import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS_MAX = 256;
const COLOUR_TYPE = { rgb: 2, palette: 3, rgba: 6 } as const;

export function withFewColours(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const counts = new Map<number, number>();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = paletteOf(counts);
  const nearest = new Map<number, number>();
  const rows = Buffer.alloc(height * (width + 1)); // each begins with its filter, 0
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const pixel = pixels[y * width + x]!;
      let at = nearest.get(pixel);
      if (at === undefined) {
        at = nearestOf(palette, pixel);
        nearest.set(pixel, at);
      }
      rows[y * (width + 1) + 1 + x] = at;
    }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, COLOUR_TYPE.palette, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk(
      'PLTE',
      Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255])),
    ),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/**
 * The colours that occur most, but none of them nearly another that is there already, so that rare ones find a place. As long
 * as there is room the distance shrinks.
 */
function paletteOf(counts: ReadonlyMap<number, number>): number[] {
  const byCount = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
  const palette: number[] = [];
  for (const leastDistance of [24, 12, 6, 3, 1])
    for (const colour of byCount) {
      if (palette.length === COLOURS_MAX) return palette;
      if (palette.every((one) => distance(one, colour) >= leastDistance ** 2)) palette.push(colour);
    }
  return palette;
}

function nearestOf(palette: readonly number[], pixel: number): number {
  let best = 0;
  for (let at = 1; at < palette.length; at += 1)
    if (distance(palette[at]!, pixel) < distance(palette[best]!, pixel)) best = at;
  return best;
}

function distance(a: number, b: number): number {
  const [red, green, blue] = [
    (a >> 16) - (b >> 16),
    ((a >> 8) & 255) - ((b >> 8) & 255),
    (a & 255) - (b & 255),
  ];
  return red * red + green * green + blue * blue;
}

/** Pixels as 0xRRGGBB, row by row. */
function decode(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
  const data: Buffer[] = [];
  let [width, height, channels] = [0, 0, 0];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const content = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      [width, height] = [content.readUInt32BE(0), content.readUInt32BE(4)];
      const [depth, colourType] = [content[8], content[9]];
      if (depth !== 8 || (colourType !== COLOUR_TYPE.rgb && colourType !== COLOUR_TYPE.rgba))
        throw new Error(`a PNG of depth ${depth} and colour type ${colourType} is not read here`);
      channels = colourType === COLOUR_TYPE.rgb ? 3 : 4;
    } else if (type === 'IDAT') data.push(content);
    at += 12 + length;
  }
  const octets = unfiltered(inflateSync(Buffer.concat(data)), width * channels, height, channels);
  const pixels = new Uint32Array(width * height);
  for (let at = 0; at < pixels.length; at += 1)
    pixels[at] =
      (octets[at * channels]! << 16) | (octets[at * channels + 1]! << 8) | octets[at * channels + 2]!;
  return { width, height, pixels };
}

/** ISO/IEC 15948 section 9. */
function unfiltered(filtered: Buffer, rowOctets: number, height: number, channels: number): Uint8Array {
  const octets = new Uint8Array(rowOctets * height);
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (rowOctets + 1)]!;
    const row = y * rowOctets;
    for (let x = 0; x < rowOctets; x += 1) {
      const left = x < channels ? 0 : octets[row + x - channels]!;
      const above = y === 0 ? 0 : octets[row - rowOctets + x]!;
      const corner = y === 0 || x < channels ? 0 : octets[row - rowOctets + x - channels]!;
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter]!;
      octets[row + x] = filtered[y * (rowOctets + 1) + 1 + x]! + guess;
    }
  }
  return octets;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [byLeft, byAbove, byCorner] = [
    Math.abs(guess - left),
    Math.abs(guess - above),
    Math.abs(guess - corner),
  ];
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(content.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
