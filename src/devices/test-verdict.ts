// What came of "test from this device", as plain values and as the sentence that the page shows: does this very browser
// resolve through us, over what, and is that encrypted. It says what was seen, and not more: a query that comes from another
// address may be a resolver's in between, or this very device's by its other address.

import { isIP } from 'node:net';
import { isLoopback } from '../config/own-sockets.ts';

export type Way = 'udp' | 'tcp' | 'dot' | 'doh';

export interface SeenWay {
  readonly transport: Way;
  readonly client: string;
}

export interface TestVerdict {
  readonly seen: boolean;
  /** Of the first look-up that came; null: none did. */
  readonly transport: Way | null;
  /** Of all of them. */
  readonly encrypted: boolean | null;
  readonly client: string | null;
  /** It came from where the page was opened; null where that says nothing. */
  readonly isSameAddress: boolean | null;
  readonly tone: 'good' | 'plain' | 'bad';
  readonly sentence: string;
}

export interface TestInputs {
  readonly seen: readonly SeenWay[];
  /** Who asks for the verdict. */
  readonly asker: string;
  /** A proxy brought the page: the asker is not the device. */
  readonly isForwarded: boolean;
  /** Is that an address of the machine that we run on? */
  readonly isThisHost: (address: string) => boolean;
  /** For a person who looks by hand. */
  readonly name: string;
}

const OVER: Readonly<Record<Way, string>> = {
  udp: 'in plain DNS',
  tcp: 'in plain DNS over TCP',
  dot: 'over DNS over TLS',
  doh: 'over DNS over HTTPS',
};

export function testVerdict(inputs: TestInputs): TestVerdict {
  const { seen, name } = inputs;
  const [first] = seen;
  if (first === undefined)
    return {
      ...{ seen: false, transport: null, encrypted: null, client: null, isSameAddress: null, tone: 'bad' },
      sentence: `No look-up of the test's name has arrived here. This browser, or its machine, uses another resolver; or something in between answers names below home.arpa by itself; or the browser looked nothing up, which \`nslookup ${name}\` on the same device would settle.`,
    };
  const encrypted = seen.every(({ transport }) => isEncrypted(transport));
  const isSameAddress = sameAddress(first.client, inputs);
  return {
    ...{ seen: true, transport: first.transport, encrypted, client: first.client, isSameAddress },
    tone: encrypted && isSameAddress !== false ? 'good' : 'plain',
    sentence: sentence(seen, isSameAddress, inputs),
  };
}

function isEncrypted(transport: Way): boolean {
  return transport === 'dot' || transport === 'doh';
}

/** Of the page and of the look-up; all addresses of our own machine are one device. */
function sameAddress(client: string, { asker, isForwarded, isThisHost }: TestInputs): boolean | null {
  if (client === asker || (isThisHost(client) && isThisHost(asker))) return true;
  // By a tunnel or a proxy; or one by IPv4, and the other by IPv6.
  if (isForwarded || isLoopback(asker) || isIP(client) !== isIP(asker)) return null;
  return false;
}

function sentence(seen: readonly SeenWay[], isSame: boolean | null, { asker }: TestInputs): string {
  const { transport, client } = seen[0]!;
  const ways = [...new Set(seen.map((way) => way.transport))];
  const over = ways.map((way) => OVER[way]).join(', and ');
  const also = ways.length > 1 && ways.some(isEncrypted) && !ways.every(isEncrypted);
  const kind = also
    ? 'not always encrypted'
    : isEncrypted(transport)
      ? 'encrypted'
      : 'not encrypted, so the network in between can read it';
  if (isSame === true) return `This browser resolves through Noonmark, ${over}: ${kind}.`;
  if (isSame === false)
    return `This browser's look-up came from ${client}, ${over}: ${kind}. That is not the address ${asker} that this page was opened from: a resolver in between asks on its behalf, and how the device asks that one cannot be seen here; or it is another address of this device.`;
  return `This browser's look-up came from ${client}, ${over}: ${kind}. Whether that is this very device or a resolver in between cannot be told, because this page was opened by another way (${asker}).`;
}
