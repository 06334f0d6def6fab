// A program of the tests: carries IP packets between pairs of TUN devices, as a wire would, and does to them what its
// parent says: loses, delays and reorders them, swallows what is too long, or everything. It needs root, and no module
// of the kernel but tun. Told of by faulty-links.ts; ends with its parent.

import { openSync, read, write } from 'node:fs';
import koffi from 'koffi';

/** What happens to every packet, in both directions. */
export interface LinkFault {
  /** 0 to 1. */
  readonly lossFraction?: number;
  readonly delayMs?: number;
  /** Added by chance, so that packets overtake each other. */
  readonly jitterMs?: number;
  /** Longer packets vanish, and nobody says so: a path MTU black hole (RFC 8899 section 1). */
  readonly swallowOverOctets?: number;
  readonly isCut?: boolean;
}

export interface RelayOrder {
  readonly link: string;
  readonly fault: LinkFault;
}

/** linux/if_tun.h and linux/if.h */
const TUNSETIFF = 0x400454ca;
const IFF_TUN_NO_PI = 0x1001;
const IFREQ_OCTETS = 40;
const FLAGS_AT = 16;
/** Longer than any MTU of a TUN device here. */
const PACKET_OCTETS = 65_536;
/** What a congested wire would drop too. */
const MOST_DELAYED = 2_000;

const ioctl = koffi.load(null).func('int ioctl(int, unsigned long, void *)');
const faults = new Map<string, LinkFault>();
let delayed = 0;

function openTun(name: string): number {
  const fd = openSync('/dev/net/tun', 'r+');
  const request = Buffer.alloc(IFREQ_OCTETS);
  request.write(name);
  request.writeUInt16LE(IFF_TUN_NO_PI, FLAGS_AT);
  if (ioctl(fd, TUNSETIFF, request) !== 0) throw new Error(`no TUN device ${name}`);
  return fd;
}

/** Reads one packet after another, for ever; each read waits in a thread of its own. */
function carry(from: number, to: number, link: string): void {
  const buffer = Buffer.alloc(PACKET_OCTETS);
  read(from, buffer, 0, PACKET_OCTETS, null, (error, octets) => {
    if (error === null) pass(Buffer.from(buffer.subarray(0, octets)), to, faults.get(link) ?? {});
    if (error === null) carry(from, to, link);
    else setTimeout(() => carry(from, to, link), 20); // the device is down for a while (EIO)
  });
}

function pass(packet: Buffer, to: number, fault: LinkFault): void {
  const {
    lossFraction = 0,
    delayMs = 0,
    jitterMs = 0,
    swallowOverOctets = PACKET_OCTETS,
    isCut = false,
  } = fault;
  if (isCut || packet.length > swallowOverOctets || Math.random() < lossFraction) return;
  const waitMs = delayMs + Math.random() * jitterMs;
  const send = () => write(to, packet, () => {}); // refused while the device is down: lost
  if (waitMs === 0) send();
  else if (delayed < MOST_DELAYED) {
    delayed += 1;
    setTimeout(() => {
      delayed -= 1;
      send();
    }, waitMs);
  }
}

for (const link of process.argv.slice(2)) {
  const [near, far] = [openTun(`${link}n`), openTun(`${link}f`)];
  carry(near, far, link);
  carry(far, near, link);
}
process.on('message', ({ link, fault }: RelayOrder) => void faults.set(link, fault));
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL')); // threads that read would keep it alive
process.send?.('ready');
