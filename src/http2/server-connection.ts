// The server's side of one connection of HTTP/2 (RFC 9113): octets in, requests out; answers in, octets out. It knows no socket,
// no clock but the one it is given, and no meaning of any request. Priority is ignored (section 5.3.2), nothing is ever pushed.
// A client that breaks a rule loses the stream or the connection, as the standard says; one that reaches a limit of
// limits.ts is told ENHANCE_YOUR_CALM. Where the standard leaves the choice, the connection ends.

import { ERROR, FIRST_WINDOW_OCTETS, FLAG, FRAME, MAX_WINDOW_OCTETS, PREFACE, SETTING } from './codes.ts';
import { Http2Fault, protocolFault } from './fault.ts';
import { FrameDispatch } from './frame-dispatch.ts';
import { FrameReader } from './frame-reader.ts';
import { flowFault, judgeFrame, paddingOf, readSettings, sizeFault } from './frame-rules.ts';
import { HeaderBlocks, TOO_LONG } from './header-blocks.ts';
import { HEADER_LIST_OCTETS, HELD_OCTETS, type Http2Limit } from './limits.ts';
import { RequestFields, type RequestHead } from './request-fields.ts';
import { type EncodedFields, Sending } from './sending.ts';
import { ServerStream } from './server-stream.ts';
import { StreamTable } from './stream-table.ts';
import { Tolerance } from './tolerance.ts';

/**
 * Once less of a window is left, it is opened again: what comes is kept within the bounds of a body, or thrown away at once, so
 * that our windows hold nobody up, and whoever does not mind them gains nothing.
 */
const WINDOW_LOW_OCTETS = FIRST_WINDOW_OCTETS >> 1;

export interface ServerHandlers {
  /** May another request be taken up now? If not, all that the client has sent from there on waits until `goOn`. */
  mayBegin(): boolean;
  /** The fields of a request are whole; unless it has ended, a body is to come, and kept where `wantsBody` is set now. */
  onRequest(stream: ServerStream): void;
  /** The body that was wanted has come to its end, and nothing has been answered yet. It is there until this returns. */
  onBody(stream: ServerStream): void;
  /** The body has more than `maxBodyOctets`; what has come of it is thrown away. */
  onBodyTooLong(stream: ServerStream): void;
  /** There is something to take and to write, for the first time since the last `take`. */
  onOutput(): void;
  /** A stream was refused for this limit. */
  onLimit(limit: Http2Limit | 'streams'): void;
  /** The connection is over, once the output has been written. */
  onFault(fault: Http2Fault): void;
}

export interface ServerConnectionParts {
  readonly handlers: ServerHandlers;
  /** In flight at once. */
  readonly maxStreams: number;
  readonly maxBodyOctets: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

export class ServerConnection extends FrameDispatch<RequestHead> {
  readonly #parts: ServerConnectionParts;
  readonly #reader = new FrameReader(this);
  readonly #sending: Sending<ServerStream>;
  readonly #streams = new StreamTable();
  readonly #tolerance: Tolerance;
  #prefaceOctets = 0;
  #receiveWindow = FIRST_WINDOW_OCTETS;
  #takenOctets = 0;
  #isDraining = false;
  #isOver = false;

  constructor(parts: ServerConnectionParts) {
    super(new HeaderBlocks(new RequestFields()));
    const { maxStreams, nowMs } = parts;
    this.#parts = parts;
    this.#tolerance = new Tolerance(maxStreams, nowMs());
    this.#sending = new Sending((stream) => this.#closeIfDone(stream));
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

  /** Of these, those that the client has not ended. */
  get unended(): number {
    return this.#streams.unended;
  }

  /** Streams that are not over, oldest first. */
  get all(): ServerStream[] {
    return this.#streams.all;
  }

  /** In memory for its client: frames and header blocks that are not whole, bodies, answers without a window. */
  get heldOctets(): number {
    const { writer, unsentOctets } = this.#sending;
    const unread = this.#reader.pendingOctets + this.blocks.heldOctets;
    return unread + this.#streams.bodyOctets + unsentOctets + writer.length;
  }

  /** To be taken and written. */
  get outputOctets(): number {
    return this.writer.length;
  }

  /** Of bodies, as far as somebody wanted them; all in all. */
  get takenOctets(): number {
    return this.#takenOctets;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Our SETTINGS, which a server says at once (section 3.4). */
  begin(): void {
    this.writer.settings([
      [SETTING.MAX_CONCURRENT_STREAMS, this.#parts.maxStreams],
      [SETTING.MAX_HEADER_LIST_SIZE, HEADER_LIST_OCTETS],
    ]);
    this.said();
  }

  /** The octets are free again at return. */
  receive(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      const at = this.#prefaceOctets < PREFACE.length ? this.#takePreface(chunk) : 0;
      if (at < chunk.length) this.#reader.push(at === 0 ? chunk : chunk.subarray(at));
      this.#reader.keepRest();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A request waits until another may be taken up; nothing is to be received meanwhile. */
  get isHalted(): boolean {
    return this.#reader.isHalted && !this.#isOver;
  }

  goOn(): void {
    if (this.#isOver) return;
    try {
      this.#reader.goOn();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof Http2Fault)) throw error;
    this.end(error);
  }

  /** Answers a request once; a stream that is over is let be. `body` is free again at return. */
  respond(stream: ServerStream, fields: EncodedFields, body: Buffer, bodyOctets: number): void {
    if (stream.isClosed || stream.isAnswered) return;
    if (stream.bodyOctets > 0) this.#streams.dropBody(stream);
    stream.isAnswered = true;
    this.#sending.send(stream, fields, body, bodyOctets);
    this.said();
  }

  /** Whatever else comes of it is thrown away; an answer that was given before stands. */
  reset(stream: ServerStream, errorCode: number): void {
    if (!stream.isClosed) this.#reset(stream.id, errorCode);
  }

  /** Takes no further streams (section 6.8); those that stand go on. */
  drain(): void {
    if (this.#isDraining || this.#isOver) return;
    this.#isDraining = true;
    this.writer.goaway(this.#streams.lastStream, ERROR.NO_ERROR);
    this.said();
  }

  /** Tells the client why, and all streams that they are over. */
  end(fault: Http2Fault): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.writer.goaway(this.#streams.lastStream, fault.errorCode);
    this.said();
    this.close();
    this.#parts.handlers.onFault(fault);
  }

  /** The connection has gone. */
  close(): void {
    this.#isOver = true;
    for (const stream of this.all) this.#close(stream);
  }

  /** Nobody needs the octets that were taken last any more. */
  giveBack(): void {
    this.writer.giveBack();
  }

  /** All that was ever taken has been written. */
  allWritten(): void {
    this.writer.giveBack();
    this.#tolerance.allWritten();
  }

  override mayTake(type: number): boolean {
    return type !== FRAME.HEADERS || this.#parts.handlers.mayBegin();
  }

  /** Of PRIORITY, GOAWAY and what nobody knows, nothing follows (sections 5.3.2, 6.8 and 5.5). */
  protected override takeSmall(
    type: number,
    flags: number,
    id: number,
    octets: Buffer,
    start: number,
    end: number,
  ): void {
    judgeFrame(type, id, end - start);
    if (type === FRAME.WINDOW_UPDATE) this.#windowUpdate(id, octets.readUInt32BE(start) & MAX_WINDOW_OCTETS);
    else if (type === FRAME.RST_STREAM) this.#rstStream(id);
    else if (type === FRAME.SETTINGS) this.#settings(flags, octets, start, end);
    else if (type === FRAME.PING && (flags & FLAG.ACK) === 0) this.#reply().pingAck(octets, start, end);
  }

  /** As far as it is to be, octet by octet, as it may come; answers where frames begin. */
  #takePreface(chunk: Buffer): number {
    let at = 0;
    for (; at < chunk.length && this.#prefaceOctets < PREFACE.length; at += 1)
      if (chunk[at] !== PREFACE[this.#prefaceOctets++]) throw protocolFault('this is no HTTP/2');
    return at;
  }

  protected override takeData(flags: number, id: number, octets: Buffer, start: number, end: number): void {
    const padding = paddingOf(flags, octets, start, end);
    this.#receiveWindow -= end - start;
    if (this.#receiveWindow < WINDOW_LOW_OCTETS) {
      this.#reply().windowUpdate(0, FIRST_WINDOW_OCTETS - this.#receiveWindow);
      this.#receiveWindow = FIRST_WINDOW_OCTETS;
    }
    const stream = this.#streams.standing(id, 'DATA');
    if (stream === null) return;
    if (stream.hasEnded) {
      this.#breach(id, ERROR.STREAM_CLOSED);
      return;
    }
    stream.receiveWindow -= end - start;
    const isLast = (flags & FLAG.END_STREAM) !== 0;
    const from = (flags & FLAG.PADDED) === 0 ? start : start + 1;
    this.#takeBody(stream, octets, from, end - padding, isLast);
    if (isLast || stream.isClosed || stream.receiveWindow >= WINDOW_LOW_OCTETS) return;
    this.#reply().windowUpdate(id, FIRST_WINDOW_OCTETS - stream.receiveWindow);
    stream.receiveWindow = FIRST_WINDOW_OCTETS;
  }

  #takeBody(stream: ServerStream, octets: Buffer, from: number, to: number, isLast: boolean): void {
    stream.receivedOctets += to - from;
    if (stream.wantsBody && !stream.isAnswered) {
      this.#takenOctets += to - from;
      this.#streams.addBody(stream, octets, from, to, isLast);
      if (stream.bodyOctets > this.#parts.maxBodyOctets) {
        this.#streams.dropBody(stream);
        this.#parts.handlers.onBodyTooLong(stream);
        if (stream.isClosed) return;
      }
    }
    if (isLast) this.#endRequest(stream);
    else if (stream.isOfWrongLength) this.#breach(stream.id, ERROR.PROTOCOL_ERROR);
  }

  /** The client has said all of it. */
  #endRequest(stream: ServerStream): void {
    this.#streams.ended(stream);
    if (stream.isOfWrongLength) this.#breach(stream.id, ERROR.PROTOCOL_ERROR);
    else if (stream.isAnswered) this.#closeIfDone(stream);
    else if (stream.wantsBody) {
      this.#parts.handlers.onBody(stream);
      if (stream.bodyOctets > 0) this.#streams.dropBody(stream);
    }
  }

  /** Of one that is whole its fields are decoded first. */
  protected override judgeHeaders(id: number, isWhole: boolean): void {
    if (!isWhole && id === 0) throw protocolFault('HEADERS on stream 0');
  }

  /** A whole header block: a request, or what comes behind its body. */
  protected override takeFields(id: number, isLast: boolean, octets: Buffer, from: number, to: number): void {
    if (this.#streams.isNew(id)) {
      this.#request(id, isLast, octets, from, to);
      return;
    }
    const stream = this.#streams.standing(id, 'HEADERS');
    const areTrailers = this.blocks.areTrailers(octets, from, to);
    if (stream === null) return;
    if (stream.hasEnded) this.#breach(id, ERROR.STREAM_CLOSED);
    else if (!isLast || !areTrailers) this.#breach(id, ERROR.PROTOCOL_ERROR);
    else this.#endRequest(stream);
  }

  #request(id: number, isLast: boolean, octets: Buffer, from: number, to: number): void {
    const head = this.blocks.head(octets, from, to);
    this.#streams.opened(id);
    if (this.#isDraining) this.#streams.remember(id);
    else if (head === TOO_LONG) this.#refuse(id, ERROR.ENHANCE_YOUR_CALM, 'http2_header_list');
    else if (head === null) this.#breach(id, ERROR.PROTOCOL_ERROR);
    else if (this.#streams.size >= this.#parts.maxStreams) this.#refuse(id, ERROR.REFUSED_STREAM, 'streams');
    else if (this.heldOctets > HELD_OCTETS) this.#refuse(id, ERROR.ENHANCE_YOUR_CALM, 'http2_unread');
    else {
      const stream = new ServerStream(id, head, this.#sending.firstStreamWindow);
      stream.hasEnded = isLast;
      this.#streams.add(stream);
      if (stream.isOfWrongLength) this.#breach(id, ERROR.PROTOCOL_ERROR);
      else this.#parts.handlers.onRequest(stream);
    }
  }

  #rstStream(id: number): void {
    if (this.#streams.isIdle(id)) throw protocolFault('RST_STREAM on an idle stream');
    this.#tolerance.countReset(this.#parts.nowMs());
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#close(stream);
  }

  #settings(flags: number, octets: Buffer, start: number, end: number): void {
    if ((flags & FLAG.ACK) !== 0) {
      if (end > start) throw sizeFault('an acknowledgement with settings');
      return;
    }
    this.hasSettings = true;
    const window = readSettings(octets, start, end);
    if (window >= 0 && !this.#sending.setFirstStreamWindow(window, this.all))
      throw flowFault('a window that overflows');
    this.#reply().settingsAck();
  }

  /** An increment of nothing is an error of one stream (section 6.9) that may be one of the connection: so there is one way less. */
  #windowUpdate(id: number, increment: number): void {
    if (increment === 0) throw protocolFault('WINDOW_UPDATE of nothing');
    if (id === 0) {
      if (!this.#sending.openWindow(increment)) throw flowFault('a window that overflows');
    } else {
      if (this.#streams.isIdle(id)) throw protocolFault('WINDOW_UPDATE on an idle stream');
      const stream = this.#streams.get(id);
      if (stream === undefined) return; // it may have been on its way when the stream ended
      if (!this.#sending.openStreamWindow(stream, increment)) this.#breach(id, ERROR.FLOW_CONTROL_ERROR);
    }
    if (this.writer.length > 0) this.said();
  }

  /** The client breaks a rule that costs it one stream (section 5.4.2). */
  #breach(id: number, errorCode: number): void {
    this.#tolerance.countBreach();
    this.#reset(id, errorCode);
  }

  #refuse(id: number, errorCode: number, limit: Http2Limit | 'streams'): void {
    this.#parts.handlers.onLimit(limit);
    this.#tolerance.countRefusal();
    this.#reset(id, errorCode);
  }

  #reset(id: number, errorCode: number): void {
    this.#streams.remember(id);
    this.writer.rstStream(id, errorCode);
    this.said();
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#close(stream);
  }

  /** Something that the client has us say. */
  #reply(): Sending<ServerStream>['writer'] {
    this.#tolerance.countReply();
    this.said();
    return this.#sending.writer;
  }

  #closeIfDone(stream: ServerStream): void {
    if (stream.hasEnded && stream.isAnswered && stream.unsentOctets === 0) this.#close(stream);
  }

  #close(stream: ServerStream): void {
    this.#streams.delete(stream);
    this.#sending.forget(stream);
    stream.requester?.gone();
  }
}
