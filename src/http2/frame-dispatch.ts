// What both sides of a connection of HTTP/2 do with frames (RFC 9113): the first one is SETTINGS, nothing comes within a
// header block but the rest of it, HEADERS and CONTINUATION become whole blocks; and what is to be written is told of once.
// What a frame means to one side is for client-connection.ts and server-connection.ts.

import { FLAG, FRAME } from './codes.ts';
import { protocolFault } from './fault.ts';
import type { FrameTaker } from './frame-reader.ts';
import { PRIORITY_OCTETS, paddingOf, sizeFault } from './frame-rules.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { HeaderBlocks } from './header-blocks.ts';

export abstract class FrameDispatch<Head> implements FrameTaker {
  protected readonly blocks: HeaderBlocks<Head>;
  /** Those of the other side have come. */
  protected hasSettings = false;
  #hasOutput = false;

  constructor(blocks: HeaderBlocks<Head>) {
    this.blocks = blocks;
  }

  /** Where what is to be written gathers. */
  protected abstract get writer(): FrameWriter;

  /** There is something to take and to write, for the first time since the last `take`. */
  protected abstract onOutput(): void;

  /** What is to be written, once. */
  take(): Buffer {
    this.#hasOutput = false;
    return this.writer.take();
  }

  protected said(): void {
    if (this.#hasOutput) return;
    this.#hasOutput = true;
    this.onOutput();
  }

  abstract mayTake(type: number): boolean;

  takeFrame(type: number, flags: number, id: number, octets: Buffer, start: number, end: number): void {
    if (!this.hasSettings && (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0))
      throw protocolFault('the first frame is no SETTINGS');
    const awaited = this.blocks.unfinishedStream;
    if (awaited !== 0 && (type !== FRAME.CONTINUATION || id !== awaited))
      throw protocolFault('something else comes within a header block');
    if (type === FRAME.DATA) this.takeData(flags, id, octets, start, end);
    else if (type === FRAME.HEADERS) this.#headers(flags, id, octets, start, end);
    else if (type === FRAME.CONTINUATION) this.#continuation(flags, octets, start, end);
    else this.takeSmall(type, flags, id, octets, start, end);
  }

  #headers(flags: number, id: number, octets: Buffer, start: number, end: number): void {
    const padding = paddingOf(flags, octets, start, end);
    const padded = (flags & FLAG.PADDED) === 0 ? start : start + 1;
    const from = (flags & FLAG.PRIORITY) === 0 ? padded : padded + PRIORITY_OCTETS;
    const to = end - padding;
    const isLast = (flags & FLAG.END_STREAM) !== 0;
    const isWhole = (flags & FLAG.END_HEADERS) !== 0;
    if (from > to) throw sizeFault('HEADERS that are cut off');
    this.judgeHeaders(id, isWhole);
    if (isWhole) this.takeFields(id, isLast, octets, from, to);
    else this.blocks.beginPart(id, isLast, octets.subarray(from, to));
  }

  #continuation(flags: number, octets: Buffer, start: number, end: number): void {
    const isWhole = (flags & FLAG.END_HEADERS) !== 0;
    const block = this.blocks.addPart(octets.subarray(start, end), isWhole);
    if (block !== null) this.takeFields(block.stream, block.isLast, block.octets, 0, block.octets.length);
  }

  protected abstract takeData(flags: number, id: number, octets: Buffer, start: number, end: number): void;

  /** May a block begin on this stream? `isWhole`: it ends with this frame. @throws Http2Fault */
  protected abstract judgeHeaders(id: number, isWhole: boolean): void;

  /** A whole header block. */
  protected abstract takeFields(id: number, isLast: boolean, octets: Buffer, from: number, to: number): void;

  /** A frame other than DATA, HEADERS and CONTINUATION. */
  protected abstract takeSmall(
    type: number,
    flags: number,
    id: number,
    octets: Buffer,
    start: number,
    end: number,
  ): void;
}
