// An NTP server on loopback that a test scripts: honest unless told otherwise, and every way of being something else.
// It writes packets octet by octet here, so that src/timesync does not decide what a sound one is; only MACs are made
// by the code under test, which test/e2e/ntp.test.ts holds against a real chronyd.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import type { Clock } from '../../src/clock/clock.ts';
import { type NtpKey, withMac } from '../../src/timesync/ntp-mac.ts';
import type { NtpSourceParts } from '../../src/timesync/ntp-source.ts';
import { pause } from './eventually.ts';

const HEADER_OCTETS = 48;
const SECONDS_1900_TO_1970 = 2_208_988_800;
const ERA_SECONDS = 2 ** 32;
const SHORT_UNITS_PER_SECOND = 2 ** 16;

export interface NtpFields {
  readonly leap: number;
  readonly version: number;
  readonly mode: number;
  readonly stratum: number;
  /** log2 seconds. */
  readonly precision: number;
  readonly rootDelaySeconds: number;
  readonly rootDispersionSeconds: number;
  readonly refid: Uint8Array;
  /** Eight octets; the transmit timestamp of the question in honest replies. */
  readonly origin: Uint8Array;
  /** Milliseconds since 1970; null: zero. */
  readonly receiveMs: number | null;
  readonly transmitMs: number | null;
  readonly key: NtpKey | null;
}

/** Writes the honest reply to the question, but for the fields given. */
export type WriteReply = (fields?: Partial<NtpFields>) => Buffer;

/** The replies to a question, in the order they are sent. */
export type NtpScript = (
  question: Buffer,
  write: WriteReply,
) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;

export interface NtpServerOptions {
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** What this server takes for the time, milliseconds since 1970; default: this machine's. A liar adds to that. */
  readonly now?: () => number;
  /** Every reply is signed with it, unless its `key` says otherwise. */
  readonly key?: NtpKey;
  /** Default `NTP_SCRIPTS.honest`. */
  readonly script?: NtpScript;
}

export interface NtpServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Every question so far, and whence it came. */
  readonly questions: readonly { readonly packet: Buffer; readonly from: RemoteInfo }[];
  /** Replies that have left. */
  readonly repliesSent: number;
  /** May be changed between questions. */
  script: NtpScript;
  /** Sends to whoever asked last. */
  send(packet: Uint8Array): void;
  close(): Promise<void>;
}

export const NTP_SCRIPTS = {
  honest: (_question, write) => [write()],
  silent: () => [],
  garbage: () => [Buffer.from('no packet of any kind'), Buffer.alloc(HEADER_OCTETS, 0xff)],
  short: (_question, write) => [write().subarray(0, HEADER_OCTETS - 1)],
  wrongOrigin: (_question, write) => [write({ origin: Buffer.alloc(8, 7) })],
  unsynchronised: (_question, write) => [write({ leap: 3, stratum: 16 })],
} as const satisfies Record<string, NtpScript>;

/** Replies with these fields. */
export function replyWith(fields: Partial<NtpFields>): NtpScript {
  return (_question, write) => [write(fields)];
}

/** A kiss of death (RFC 5905 section 7.4). */
export function kissOf(code: string): NtpScript {
  return replyWith({ leap: 3, stratum: 0, refid: Buffer.from(code.padEnd(4, '\0'), 'latin1') });
}

/** An honest reply that takes its time on the way back. */
export function delayedBy(delayMs: number): NtpScript {
  return async (_question, write) => {
    const reply = write();
    await pause(delayMs);
    return [reply];
  };
}

/** The first answer it ever gave, again and again. */
export function replayed(): NtpScript {
  let first: Buffer | undefined;
  return (_question, write) => {
    first ??= write();
    return [first];
  };
}

export async function startNtpServer(options: NtpServerOptions = {}): Promise<NtpServer> {
  const address = options.address ?? '127.0.0.1';
  const now = options.now ?? machineNow;
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const questions: { packet: Buffer; from: RemoteInfo }[] = [];
  let repliesSent = 0;
  let isOpen = true;
  const send = (packet: Uint8Array, { port, address }: RemoteInfo) =>
    socket.send(packet, port, address, () => {
      repliesSent += 1;
    });
  const server: NtpServer = {
    address,
    get port() {
      return socket.address().port;
    },
    questions,
    get repliesSent() {
      return repliesSent;
    },
    script: options.script ?? NTP_SCRIPTS.honest,
    send: (packet) => send(packet, questions.at(-1)!.from),
    close: async () => {
      isOpen = false;
      socket.close();
      await once(socket, 'close');
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
  socket.on('message', (packet, from) => {
    const receiveMs = now();
    questions.push({ packet, from });
    const write: WriteReply = (fields = {}) =>
      writeReply({ ...honestFields(packet, receiveMs, now(), options.key ?? null), ...fields });
    void Promise.resolve(server.script(packet, write)).then((replies) => {
      if (isOpen) for (const reply of replies) send(reply, from);
    });
  });
  socket.bind(options.port ?? 0, address);
  await once(socket, 'listening');
  return server;
}

function honestFields(
  question: Buffer,
  receiveMs: number,
  transmitMs: number,
  key: NtpKey | null,
): NtpFields {
  return {
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 2,
    precision: -20,
    rootDelaySeconds: 0,
    rootDispersionSeconds: 0,
    refid: Buffer.from([192, 0, 2, 99]),
    origin: question.subarray(40, 48),
    receiveMs,
    transmitMs,
    key,
  };
}

/** A plain source that asks this server, or a chronyd, but for the parts given. */
export function sourceParts(
  { address, port }: { readonly address: string; readonly port: number },
  clock: Clock,
  parts: Partial<NtpSourceParts> = {},
): NtpSourceParts {
  return {
    url: `ntp://${address}`,
    address,
    port,
    key: null,
    operator: null,
    prefer: false,
    trusted: false,
    leastPauseMs: 0,
    clock,
    ownAddresses: () => [],
    ...parts,
  };
}

/** The octets of a packet; also for tests that have no server. */
export function writeReply(fields: NtpFields): Buffer {
  const packet = Buffer.alloc(HEADER_OCTETS);
  packet[0] = (fields.leap << 6) | (fields.version << 3) | fields.mode;
  packet[1] = fields.stratum;
  packet.writeInt8(fields.precision, 3);
  packet.writeUInt32BE(Math.round(fields.rootDelaySeconds * SHORT_UNITS_PER_SECOND), 4);
  packet.writeUInt32BE(Math.round(fields.rootDispersionSeconds * SHORT_UNITS_PER_SECOND), 8);
  packet.set(fields.refid, 12);
  packet.set(fields.origin, 24);
  writeTimestamp(packet, 32, fields.receiveMs);
  writeTimestamp(packet, 40, fields.transmitMs);
  return fields.key === null ? packet : withMac(packet, fields.key);
}

/** Modulo the era, as on the wire. */
function writeTimestamp(packet: Buffer, at: number, epochMs: number | null): void {
  if (epochMs === null) return;
  const wholeSeconds = Math.floor(epochMs / 1000);
  const seconds = (wholeSeconds + SECONDS_1900_TO_1970) % ERA_SECONDS;
  packet.writeUInt32BE(seconds, at);
  packet.writeUInt32BE(Math.floor(((epochMs - wholeSeconds * 1000) / 1000) * 2 ** 32), at + 4);
}

/** What this machine believes, in milliseconds since 1970 and parts of them. */
export function machineNow(): number {
  return performance.timeOrigin + performance.now();
}
