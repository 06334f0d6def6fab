// Which protocols a TLS client offers, read from its first octets (RFC 8446 section 4.1.2, RFC 7301 section 3.1). Only the
// first record is looked at: a hello that does not fit into it is no CA's. Pure; whatever is malformed offers nothing, or
// what stands before the mistake, since OpenSSL refuses it afterwards in any case.

const RECORD_HEADER_OCTETS = 5;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const EXTENSION_ALPN = 16;
/** Of one record, without its header (RFC 8446 section 5.1). */
const FRAGMENT_OCTETS_MAX = 2 ** 14;

/** The protocols; null while octets are missing that could still make it a hello, never from 16 389 octets on. */
export function offeredProtocols(octets: Uint8Array): readonly string[] | null {
  if (octets.length > 0 && octets[0] !== HANDSHAKE) return [];
  if (octets.length < RECORD_HEADER_OCTETS) return null;
  const view = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const fragmentOctets = view.readUInt16BE(3);
  if (fragmentOctets > FRAGMENT_OCTETS_MAX) return [];
  const end = RECORD_HEADER_OCTETS + fragmentOctets;
  if (view.length < end) return null;
  try {
    return protocolsIn(view.subarray(RECORD_HEADER_OCTETS, end));
  } catch {
    return []; // it ends where a length says that it goes on
  }
}

/** @throws RangeError */
function protocolsIn(hello: Buffer): string[] {
  if (hello.readUInt8(0) !== CLIENT_HELLO) return [];
  let at = 4 + 2 + 32; // type and length, version, random
  at += 1 + hello.readUInt8(at); // session
  at += 2 + hello.readUInt16BE(at); // cipher suites
  at += 1 + hello.readUInt8(at); // compression methods
  const end = at + 2 + hello.readUInt16BE(at);
  at += 2;
  while (at < end) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    at += 4;
    if (type === EXTENSION_ALPN) return listIn(hello.subarray(at, at + length));
    at += length;
  }
  return [];
}

function listIn(extension: Buffer): string[] {
  const protocols: string[] = [];
  for (let at = 2; at < extension.length; ) {
    const length = extension.readUInt8(at);
    protocols.push(extension.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return protocols;
}
