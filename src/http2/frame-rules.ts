// Rules of RFC 9113 section 6 that concern one frame alone: its length, the stream that it may be on, padding, settings. What
// breaks one of them ends the connection.

import { ERROR, FLAG, FRAME, MAX_PAYLOAD_OCTETS, MAX_WINDOW_OCTETS, SETTING } from './codes.ts';
import { Http2Fault, limitFault, protocolFault } from './fault.ts';
import { SETTINGS_A_FRAME } from './limits.ts';

/** Dependency and weight (sections 5.3.2 and 6.3). */
export const PRIORITY_OCTETS = 5;
const SETTING_OCTETS = 6;
/** Section 6.8: the last stream and the code; a text may follow. */
const GOAWAY_OCTETS_MIN = 8;

/** Of the connection, and of streams; DATA, HEADERS and RST_STREAM find out by themselves. */
const ON_STREAM_0 = new Set<number>([FRAME.SETTINGS, FRAME.PING, FRAME.GOAWAY]);
const FIXED_OCTETS = new Map<number, number>([
  [FRAME.PRIORITY, PRIORITY_OCTETS],
  [FRAME.RST_STREAM, 4],
  [FRAME.PING, 8],
  [FRAME.WINDOW_UPDATE, 4],
]);

/** Of a frame other than DATA, HEADERS and CONTINUATION. @throws Http2Fault */
export function judgeFrame(type: number, id: number, octets: number): void {
  if (ON_STREAM_0.has(type) && id !== 0) throw protocolFault(`a frame of type ${type} on a stream`);
  if (type === FRAME.PRIORITY && id === 0) throw protocolFault('PRIORITY on stream 0');
  if (type === FRAME.PUSH_PROMISE) throw protocolFault('something is pushed');
  const fixed = FIXED_OCTETS.get(type) ?? octets;
  const isTooShort = type === FRAME.GOAWAY && octets < GOAWAY_OCTETS_MIN;
  if (octets !== fixed || isTooShort) throw sizeFault(`a frame of type ${type} and ${octets} octets`);
}

export function sizeFault(message: string): Http2Fault {
  return new Http2Fault(ERROR.FRAME_SIZE_ERROR, message);
}

export function flowFault(message: string): Http2Fault {
  return new Http2Fault(ERROR.FLOW_CONTROL_ERROR, message);
}

/** Section 6.1: octets of padding behind the payload. @throws Http2Fault */
export function paddingOf(flags: number, octets: Buffer, start: number, end: number): number {
  if ((flags & FLAG.PADDED) === 0) return 0;
  const padding = start < end ? octets[start]! : 0;
  if (start === end || start + 1 + padding > end) throw protocolFault('more padding than frame');
  return padding;
}

/** Gives the window that new streams get, where it is set; -1: it is not. @throws Http2Fault */
export function readSettings(octets: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length % SETTING_OCTETS !== 0) throw sizeFault(`SETTINGS of ${length} octets`);
  if (length > SETTINGS_A_FRAME * SETTING_OCTETS)
    throw limitFault('http2_settings', `a frame of ${length / SETTING_OCTETS} settings`);
  let window = -1;
  for (let at = start; at < end; at += SETTING_OCTETS) {
    const id = octets.readUInt16BE(at);
    const value = octets.readUInt32BE(at + 2);
    judgeSetting(id, value);
    if (id === SETTING.INITIAL_WINDOW_SIZE) window = value;
  }
  return window;
}

/** Of a frame that `readSettings` has judged, the last value of one setting; -1: it is not there. */
export function settingOf(octets: Buffer, start: number, end: number, wanted: number): number {
  let value = -1;
  for (let at = start; at < end; at += SETTING_OCTETS)
    if (octets.readUInt16BE(at) === wanted) value = octets.readUInt32BE(at + 2);
  return value;
}

/** Section 6.5.2; of its table we use nothing, and frames of ours are never longer than everybody takes. */
function judgeSetting(id: number, value: number): void {
  if (id === SETTING.ENABLE_PUSH && value > 1) throw protocolFault('push is neither on nor off');
  if (id === SETTING.MAX_FRAME_SIZE && (value < MAX_PAYLOAD_OCTETS || value >= 2 ** 24))
    throw protocolFault(`frames of ${value} octets`);
  if (id === SETTING.INITIAL_WINDOW_SIZE && value > MAX_WINDOW_OCTETS)
    throw flowFault(`a window of ${value} octets`);
}
