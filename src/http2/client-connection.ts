// The client's side of one connection of HTTP/2 (RFC 9113): requests in, octets out; octets in, responses out. It knows no
// socket, no clock and no meaning of any response. Nothing is pushed (section 8.4), priority is neither said nor heeded.
// A server that breaks a rule of a message loses its stream, one that breaks another or reaches a limit the connection.

import {
  CONNECTION_WINDOW_OCTETS,
  INTERIM_RESPONSES,
  RESPONSE_EARNS_FRAMES,
  STREAM_WINDOW_OCTETS,
  STREAMS_BEFORE_SETTINGS,
  UNASKED_FRAMES,
} from './client-limits.ts';
import { ClientStream } from './client-stream.ts';
import { ClientStreams } from './client-streams.ts';
import { ERROR, FIRST_WINDOW_OCTETS, FLAG, FRAME, MAX_WINDOW_OCTETS, SETTING } from './codes.ts';
import { Http2Fault, protocolFault } from './fault.ts';
import { FrameDispatch } from './frame-dispatch.ts';
import { FrameReader } from './frame-reader.ts';
import { flowFault, judgeFrame, paddingOf, readSettings, settingOf, sizeFault } from './frame-rules.ts';
import { HeaderBlocks, TOO_LONG } from './header-blocks.ts';
import { HEADER_LIST_OCTETS } from './limits.ts';
import { ResponseFields, type ResponseHead } from './response-fields.ts';
import { type EncodedFields, Sending } from './sending.ts';

const LEAST_FINAL_STATUS = 200;

/** Each of them may cancel streams and close the connection. */
export interface ClientHandlers {
  /** The fields of the final response are whole, and judged as far as HTTP/2 goes. */
  onResponse(stream: ClientStream): void;
  /** The response has come to its end, and its stream is over. */
  onEnd(stream: ClientStream): void;
  /** The body has more than `maxBodyOctets`; the stream is over. */
  onBodyTooLong(stream: ClientStream): void;
  /** The stream is over without a whole response, and the connection stands. `errorCode`: of section 7. */
  onReset(stream: ClientStream, errorCode: number, reason: string): void;
  /** The server has done nothing about a stream, and will not (section 6.8); it is over. */
  onUnprocessed(stream: ClientStream): void;
  /**
   * No stream is opened any more: GOAWAY, or the numbers are used up; those that stand go on, if the server means well.
   * `errorCode`: of section 7.
   */
  onDone(errorCode: number): void;
  /** There is something to take and to write, for the first time since the last `take`. */
  onOutput(): void;
  /** There may be room for a stream where there was none. */
  onRoom(): void;
  /** The connection is over, once the output has been written. */
  onFault(fault: Http2Fault): void;
}

export interface ClientConnectionParts {
  readonly handlers: ClientHandlers;
  /** In flight at once, whatever more the server allows. */
  readonly maxStreams: number;
  readonly maxBodyOctets: number;
  /** Its number, for tests. */
  readonly firstStream?: number;
}

export class ClientConnection extends FrameDispatch<ResponseHead> {
  readonly #parts: ClientConnectionParts;
  readonly #reader = new FrameReader(this);
  readonly #sending = new Sending<ClientStream>(() => {});
  readonly #streams: ClientStreams;
  #maxStreams = STREAMS_BEFORE_SETTINGS;
  #receiveWindow = CONNECTION_WINDOW_OCTETS;
  #unaskedFrames = 0;
  #isDone = false;
  #isOver = false;

  constructor(parts: ClientConnectionParts) {
    super(new HeaderBlocks(new ResponseFields()));
    this.#parts = parts;
    this.#streams = new ClientStreams(parts.firstStream);
  }

  protected override get writer() {
    return this.#sending.writer;
  }

  protected override onOutput(): void {
    this.#parts.handlers.onOutput();
  }

  /** Streams that are not over. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Of bodies, that wait for a window. */
  get unsentOctets(): number {
    return this.#sending.unsentOctets;
  }

  /** Another request may be sent now. */
  get mayOpen(): boolean {
    return !this.#isDone && !this.#isOver && this.#streams.size < this.#maxStreams;
  }

  /** The preface, our SETTINGS and our window (section 3.4). */
  begin(): void {
    const { writer } = this;
    writer.preface();
    writer.settings([
      [SETTING.ENABLE_PUSH, 0],
      [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW_OCTETS],
      [SETTING.MAX_HEADER_LIST_SIZE, HEADER_LIST_OCTETS],
    ]);
    writer.windowUpdate(0, CONNECTION_WINDOW_OCTETS - FIRST_WINDOW_OCTETS);
    this.said();
  }

  /** Sends a request; called where `mayOpen`. `request`: what the caller knows it by. */
  open(request: number, fields: EncodedFields, body: Buffer): ClientStream {
    const stream = new ClientStream(this.#streams.nextId(), request, this.#sending.firstStreamWindow);
    this.#streams.add(stream);
    this.#sending.send(stream, fields, body, body.length);
    this.said();
    if (this.#streams.isUsedUp && !this.#isDone) this.#done(ERROR.NO_ERROR);
    return stream;
  }

  /** The stream of a request, if it is not over. */
  find(request: number): ClientStream | undefined {
    return this.#streams.all.find((stream) => stream.request === request);
  }

  /** Nobody waits for the response any more. */
  cancel(stream: ClientStream): void {
    if (!stream.isClosed) this.#reset(stream, ERROR.CANCEL);
  }

  receive(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof Http2Fault)) throw error;
      this.#end(error);
    }
  }

  /** All that was ever taken has been written, so that nobody needs its octets any more. */
  allWritten(): void {
    this.writer.giveBack();
  }

  override mayTake(): boolean {
    return true;
  }

  /** Of PRIORITY, acknowledgements of PING and what nobody knows, nothing follows (sections 5.3.2 and 5.5). */
  protected override takeSmall(
    type: number,
    flags: number,
    id: number,
    octets: Buffer,
    start: number,
    end: number,
  ): void {
    judgeFrame(type, id, end - start);
    if (type !== FRAME.WINDOW_UPDATE) this.#countUnasked();
    if (type === FRAME.WINDOW_UPDATE) this.#windowUpdate(id, octets.readUInt32BE(start) & MAX_WINDOW_OCTETS);
    else if (type === FRAME.RST_STREAM) this.#rstStream(id, octets.readUInt32BE(start));
    else if (type === FRAME.SETTINGS) this.#settings(flags, octets, start, end);
    else if (type === FRAME.GOAWAY)
      this.#goaway(octets.readUInt32BE(start) & MAX_WINDOW_OCTETS, octets.readUInt32BE(start + 4));
    else if (type === FRAME.PING && (flags & FLAG.ACK) === 0) {
      this.writer.pingAck(octets, start, end);
      this.said();
    }
  }

  protected override takeData(flags: number, id: number, octets: Buffer, start: number, end: number): void {
    const padding = paddingOf(flags, octets, start, end);
    this.#receiveWindow -= end - start;
    if (this.#receiveWindow < CONNECTION_WINDOW_OCTETS >> 1) {
      this.writer.windowUpdate(0, CONNECTION_WINDOW_OCTETS - this.#receiveWindow);
      this.#receiveWindow = CONNECTION_WINDOW_OCTETS;
      this.said();
    }
    const stream = this.#standing(id, 'DATA');
    if (stream === undefined) return;
    const from = (flags & FLAG.PADDED) === 0 ? start : start + 1;
    const to = end - padding;
    const isLast = (flags & FLAG.END_STREAM) !== 0;
    if (from === to && !isLast) this.#countUnasked();
    stream.receiveWindow -= end - start;
    if (stream.receiveWindow < 0) throw flowFault('more than a window was open for');
    if (stream.head === null) this.#breach(stream, 'a body before its header fields');
    else this.#takeBody(stream, octets, from, to, isLast);
  }

  #takeBody(stream: ClientStream, octets: Buffer, from: number, to: number, isLast: boolean): void {
    stream.receivedOctets += to - from;
    if (stream.receivedOctets > this.#parts.maxBodyOctets) {
      this.#reset(stream, ERROR.CANCEL);
      this.#parts.handlers.onBodyTooLong(stream);
      return;
    }
    if (to > from) stream.addBody(octets, from, to, isLast);
    if (isLast) this.#endResponse(stream);
    else if (stream.isOfWrongLength) this.#breach(stream, 'a body longer than its content-length');
  }

  /** All of it has come. What the server did not want of the request is not sent any more (section 8.1). */
  #endResponse(stream: ClientStream): void {
    stream.hasEnded = true;
    if (stream.isOfWrongLength) {
      this.#breach(stream, 'a body shorter than its content-length');
      return;
    }
    if (stream.unsentOctets > 0) this.#reset(stream, ERROR.CANCEL);
    else this.#streams.delete(stream);
    this.#unaskedFrames = Math.max(0, this.#unaskedFrames - RESPONSE_EARNS_FRAMES);
    this.#parts.handlers.onEnd(stream);
  }

  protected override judgeHeaders(id: number): void {
    if (this.#streams.isIdle(id)) throw protocolFault('HEADERS on an idle stream');
  }

  /** A whole header block; one for nobody is decoded all the same, as the next one is read by its tables. */
  protected override takeFields(id: number, isLast: boolean, octets: Buffer, from: number, to: number): void {
    const head = this.blocks.head(octets, from, to);
    if (head === TOO_LONG) throw calmFault('a list of header fields is too long');
    const stream = this.#standing(id, 'HEADERS');
    if (stream === undefined) return;
    const isFirst = stream.head === null;
    if (head === null || isFirst !== head.status > 0) this.#breach(stream, 'malformed header fields');
    else if (isFirst) this.#response(stream, head, isLast);
    else if (isLast) this.#endResponse(stream);
    else this.#breach(stream, 'header fields within a body');
  }

  #response(stream: ClientStream, head: ResponseHead, isLast: boolean): void {
    if (head.status < LEAST_FINAL_STATUS) {
      this.#countUnasked();
      stream.interim += 1;
      if (stream.interim > INTERIM_RESPONSES) throw calmFault('interim responses without end');
      if (isLast) this.#breach(stream, 'an interim response and nothing behind it');
      return;
    }
    stream.head = head;
    this.#parts.handlers.onResponse(stream);
    if (isLast && !stream.isClosed) this.#endResponse(stream);
  }

  /** The stream that a frame is for; undefined: it is over, and what may have been on its way means nothing. @throws Http2Fault */
  #standing(id: number, frame: string): ClientStream | undefined {
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream;
    if (this.#streams.isIdle(id)) throw protocolFault(`${frame} on an idle stream`);
    this.#countUnasked();
    return undefined;
  }

  #rstStream(id: number, errorCode: number): void {
    if (this.#streams.isIdle(id)) throw protocolFault('RST_STREAM on an idle stream');
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#forget(stream);
    this.#parts.handlers.onReset(stream, errorCode, 'the upstream reset the stream');
  }

  #settings(flags: number, octets: Buffer, start: number, end: number): void {
    if ((flags & FLAG.ACK) !== 0) {
      if (end > start) throw sizeFault('an acknowledgement with settings');
      return;
    }
    const window = readSettings(octets, start, end);
    if (window >= 0 && !this.#sending.setFirstStreamWindow(window, this.#streams.all))
      throw flowFault('a window that overflows');
    if (settingOf(octets, start, end, SETTING.ENABLE_PUSH) > 0) throw protocolFault('a server enables push');
    this.#limitStreams(settingOf(octets, start, end, SETTING.MAX_CONCURRENT_STREAMS));
    this.hasSettings = true;
    this.writer.settingsAck();
    this.said();
  }

  /** @param most that the server takes at once; -1: it does not say */
  #limitStreams(most: number): void {
    const ours = this.#parts.maxStreams;
    if (most >= 0) this.#maxStreams = Math.min(most, ours);
    else if (!this.hasSettings) this.#maxStreams = ours;
    this.#parts.handlers.onRoom();
  }

  #goaway(lastStream: number, errorCode: number): void {
    for (const stream of this.#streams.all) {
      if (stream.id <= lastStream) continue;
      this.#forget(stream);
      this.#parts.handlers.onUnprocessed(stream);
    }
    this.#done(errorCode);
  }

  #done(errorCode: number): void {
    this.#isDone = true;
    this.#parts.handlers.onDone(errorCode);
  }

  /** An increment of nothing is an error of one stream (section 6.9) that may be one of the connection: so there is one way less. */
  #windowUpdate(id: number, increment: number): void {
    if (increment === 0) throw protocolFault('WINDOW_UPDATE of nothing');
    const { unsentOctets } = this;
    if (id === 0) {
      if (!this.#sending.openWindow(increment)) throw flowFault('a window that overflows');
    } else {
      if (this.#streams.isIdle(id)) throw protocolFault('WINDOW_UPDATE on an idle stream');
      const stream = this.#streams.get(id);
      if (stream !== undefined && !this.#sending.openStreamWindow(stream, increment))
        throw flowFault('a window that overflows');
    }
    if (this.unsentOctets === unsentOctets) this.#countUnasked();
    else this.said();
  }

  /** @throws Http2Fault */
  #countUnasked(): void {
    this.#unaskedFrames += 1;
    if (this.#unaskedFrames > UNASKED_FRAMES) throw calmFault('frames that nobody asked for');
  }

  /** The server breaks a rule of one message (sections 5.4.2 and 8.1.1). */
  #breach(stream: ClientStream, reason: string): void {
    this.#reset(stream, ERROR.PROTOCOL_ERROR);
    this.#parts.handlers.onReset(stream, ERROR.PROTOCOL_ERROR, reason);
  }

  #reset(stream: ClientStream, errorCode: number): void {
    this.#forget(stream);
    this.writer.rstStream(stream.id, errorCode);
    this.said();
  }

  #forget(stream: ClientStream): void {
    this.#streams.delete(stream);
    this.#sending.forget(stream);
  }

  #end(fault: Http2Fault): void {
    this.#isOver = true;
    this.writer.goaway(0, fault.errorCode); // of its streams, which are none
    this.said();
    this.#parts.handlers.onFault(fault);
  }
}

function calmFault(message: string): Http2Fault {
  return new Http2Fault(ERROR.ENHANCE_YOUR_CALM, message);
}
