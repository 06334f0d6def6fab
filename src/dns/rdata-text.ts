// RDATA between presentation form and octets, for every type: by the table of dns/rdata-types.ts, or in the generic
// form `\# length hex` (RFC 3597 section 5). Owner, TTL and class are dns/record-text.ts.

import type { NameKey } from './names.ts';
import { OctetReader, parseHex, RdataOctetsError, TokenReader } from './rdata-fields.ts';
import { RDATA_SHAPES, type RdataShape } from './rdata-types.ts';
import { SAYS_ALL, TextSyntaxError, type Token } from './tokens.ts';

const MAX_RDATA_OCTETS = 0xffff;

/**
 * Octets of RDATA from its tokens, names relative to `origin`.
 * @throws TextSyntaxError, NameSyntaxError
 */
export function parseRdata(type: number, tokens: readonly Token[], origin: NameKey): Uint8Array {
  const shape = RDATA_SHAPES.get(type);
  const reader = new TokenReader(tokens);
  const first = reader.peek();
  const isGeneric = isGenericMark(first);
  if (!isGeneric && !shape) {
    throw new TextSyntaxError(
      'the record type is known by number only, so write its RDATA as "\\# length hex"',
    );
  }
  const rdata = isGeneric
    ? parseGeneric(reader, shape)
    : Buffer.concat(shape!.fields.map((field) => field.parse(reader, origin)));
  if (!reader.isEmpty) throw new TextSyntaxError(`"${reader.next('')}" is one part too many`);
  if (rdata.length > MAX_RDATA_OCTETS)
    throw new TextSyntaxError('the RDATA is over 65,535 octets long', SAYS_ALL);
  return rdata;
}

/** Does RDATA that begins with this have the generic form? */
export function isGenericMark(token: Token | undefined): boolean {
  return token?.text === '\\#' && !token.quoted;
}

function parseGeneric(reader: TokenReader, shape: RdataShape | undefined): Uint8Array {
  reader.next('\\#');
  const length = reader.next('the length after \\#');
  const octets = parseHex(reader.rest().join(''), 'the RDATA');
  if (!/^\d+$/.test(length) || Number(length) !== octets.length) {
    throw new TextSyntaxError(`the length after \\# is "${length}", and ${octets.length} octets follow`);
  }
  // A type that is known has its rules in this form too, and zones read the names in it.
  if (shape && formatFields(shape, octets) === undefined) {
    throw new TextSyntaxError('the octets after \\# do not fit the record type');
  }
  return octets;
}

/** Presentation form of RDATA; RFC 3597 for an unknown type or for octets that do not fit theirs. Never throws. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  const shape = RDATA_SHAPES.get(type);
  return (
    (shape && formatFields(shape, rdata)) ??
    `\\# ${rdata.length} ${Buffer.from(rdata).toString('hex')}`.trimEnd()
  );
}

/** Undefined for octets that do not fit. */
function formatFields(shape: RdataShape, rdata: Uint8Array): string | undefined {
  const reader = new OctetReader(rdata);
  try {
    const parts = shape.fields.map((field) => field.format(reader));
    return reader.isEmpty ? parts.filter((part) => part !== '').join(' ') : undefined;
  } catch (error) {
    if (error instanceof RdataOctetsError) return undefined;
    throw error;
  }
}
