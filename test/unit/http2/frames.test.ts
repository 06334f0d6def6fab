// Frames in, however they are cut, and frames out.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR, FRAME, MAX_PAYLOAD_OCTETS } from '../../../src/http2/codes.ts';
import { Http2Fault } from '../../../src/http2/fault.ts';
import { FrameReader } from '../../../src/http2/frame-reader.ts';
import { FrameWriter } from '../../../src/http2/frame-writer.ts';
import * as raw from '../../support/peers/http2-frames.ts';

function read(chunks: readonly Buffer[]) {
  const frames: unknown[] = [];
  const reader = new FrameReader({
    mayTake: () => true,
    takeFrame: (type, flags, stream, octets, start, end) =>
      frames.push([type, flags, stream, octets.toString('hex', start, end)]),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { frames, pendingOctets: reader.pendingOctets };
}

const someFrames = fc.array(
  fc.record({
    type: fc.nat(255),
    flags: fc.nat(255),
    stream: fc.nat(2 ** 31 - 1),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(0, 600, MAX_PAYLOAD_OCTETS).map((octets) => new Uint8Array(octets)),
    ),
  }),
  { maxLength: 12 },
);

describe('reading', () => {
  it('gives the same frames, however they are cut', () => {
    fc.assert(
      fc.property(someFrames, fc.array(fc.nat(70_000), { maxLength: 20 }), (frames, cuts) => {
        const octets = Buffer.concat(
          frames.map(({ type, flags, stream, payload }) => raw.frame(type, flags, stream, payload)),
        );
        const places = [0, ...cuts.map((cut) => cut % (octets.length + 1)), octets.length].sort(
          (a, b) => a - b,
        );
        const chunks = places.slice(1).map((end, at) => Buffer.from(octets.subarray(places[at], end)));
        const wanted = frames.map(({ type, flags, stream, payload }) => [
          ...[type, flags, stream],
          Buffer.from(payload).toString('hex'),
        ]);
        expect(read(chunks)).toEqual({ frames: wanted, pendingOctets: 0 });
      }),
    );
  });

  it('gives the same frames octet by octet, and keeps no more than one', () => {
    const octets = Buffer.concat([raw.ping(7), raw.data(1, Buffer.from('abc')), raw.settings()]);
    const single = read([...octets].map((octet) => Buffer.of(octet)));
    expect(single.frames).toEqual(read([octets]).frames);
    expect(read([octets.subarray(0, 20)]).pendingOctets).toBe(20 - 17);
  });

  it('lets what it has given alone', () => {
    const bodies: Buffer[] = [];
    const reader = new FrameReader({
      mayTake: () => true,
      takeFrame: (_type, _flags, _stream, octets, start, end) => bodies.push(octets.subarray(start, end)),
    });
    for (const text of ['one', 'two', 'six']) {
      const frame = raw.data(1, Buffer.from(text));
      reader.push(frame.subarray(0, 10));
      reader.push(frame.subarray(10));
    }
    expect(bodies.map(String)).toEqual(['one', 'two', 'six']);
  });

  it('refuses a frame that is too long as soon as it is announced, in one piece or in two', () => {
    const head = raw.frame(FRAME.DATA, 0, 1, Buffer.alloc(MAX_PAYLOAD_OCTETS + 1)).subarray(0, 9);
    for (const chunks of [[head], [head.subarray(0, 4), head.subarray(4)]]) {
      expect(() => read(chunks)).toThrow(
        expect.objectContaining({ constructor: Http2Fault, errorCode: ERROR.FRAME_SIZE_ERROR }),
      );
    }
  });
});

describe('writing', () => {
  it('puts every kind behind the other, as they should be', () => {
    const writer = new FrameWriter();
    const body = Buffer.from('..abc..');
    writer.settings([
      [3, 128],
      [6, 16_384],
    ]);
    writer.settingsAck();
    writer.headers(1, Buffer.from([0x88, 0xff]), 1, false);
    writer.headers(3, Buffer.from([0x88, 0xff]), 1, true, 0x20);
    writer.data(1, body, 2, 5, true);
    writer.data(5, body, 0, 0, false);
    writer.rstStream(7, ERROR.CANCEL);
    writer.pingAck(Buffer.alloc(20, 9), 4, 12);
    writer.goaway(9, ERROR.ENHANCE_YOUR_CALM);
    writer.windowUpdate(11, 70_000);
    const wanted = Buffer.concat([
      raw.settings([
        [3, 128],
        [6, 16_384],
      ]),
      raw.SETTINGS_ACK,
      raw.headers(1, Buffer.of(0x88)),
      raw.headers(3, Buffer.of(0x20, 0x88), { endStream: true }),
      raw.data(1, Buffer.from('abc'), { endStream: true }),
      raw.data(5),
      raw.rstStream(7, ERROR.CANCEL),
      raw.frame(FRAME.PING, 1, 0, Buffer.alloc(8, 9)),
      raw.goaway(9, ERROR.ENHANCE_YOUR_CALM),
      raw.windowUpdate(11, 70_000),
    ]);
    expect(writer.length).toBe(wanted.length);
    expect(writer.take().toString('hex')).toBe(wanted.toString('hex'));
    expect(writer.length).toBe(0);
    expect(writer.take()).toHaveLength(0);
  });

  it('writes into the same octets again once they are given back, unless they are many', () => {
    const writer = new FrameWriter();
    writer.settingsAck();
    const taken = writer.take();
    writer.settingsAck();
    expect(writer.take().buffer).not.toBe(taken.buffer);
    writer.settingsAck();
    const second = writer.take();
    writer.giveBack();
    writer.settingsAck();
    expect(writer.take().buffer).toBe(second.buffer);
    writer.giveBack();
    writer.data(1, Buffer.alloc(10_000), 0, 10_000, false);
    const large = writer.take();
    writer.giveBack();
    writer.settingsAck();
    expect(writer.take().buffer).not.toBe(large.buffer);
  });

  it('grows as it has to, and never touches what was taken', () => {
    const writer = new FrameWriter();
    const body = Buffer.alloc(MAX_PAYLOAD_OCTETS, 1);
    for (let nth = 0; nth < 10; nth += 1) writer.data(1, body, 0, body.length, false);
    const taken = writer.take();
    const hex = taken.toString('hex');
    expect(taken).toHaveLength(10 * (9 + MAX_PAYLOAD_OCTETS));
    writer.data(1, Buffer.alloc(2000, 2), 0, 2000, false);
    expect(taken.toString('hex')).toBe(hex);
  });
});
