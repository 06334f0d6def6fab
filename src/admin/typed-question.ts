// What people type when they ask how a name is answered: spaces around it, a dot too many behind it, letters beyond ASCII
// (IDNA, RFC 5891), an address, a URL by mistake. Read into the question that is meant, or refused in a sentence that says
// what is wrong. Pure.

import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import ipaddr from 'ipaddr.js';
import { suggest } from '../config/suggest.ts';
import { quote } from '../config/value-error.ts';
import { TYPE, typeNumber } from '../dns/codes.ts';
import { NameSyntaxError, parseName, reverseNameKey } from '../dns/names.ts';
import type { ExplainQuestion } from '../resolver/explained.ts';
import { capital } from '../status/words.ts';

/** For whom it is asked where nobody is named and nobody's address is known: on the control socket. */
const THIS_HOST = '127.0.0.1';
/** Types that somebody means who gives an address: its name. */
const MEANT_AS_PTR: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.PTR]);

/** A question, or a sentence that says why it is none. */
export type ReadQuestion = { readonly question: ExplainQuestion } | { readonly problem: string };

/** Of `name`, `type` (A unless given) and `client` (`asker` unless given); whatever is empty is not given. */
export function readTypedQuestion(params: URLSearchParams, asker: string): ReadQuestion {
  const given = (key: string) => params.get(key)?.trim() || null;
  const name = readTypedName(params.get('name') ?? '');
  if ('problem' in name) return name;
  const typed = given('type') ?? 'A';
  const type = typeNumber(typed);
  if (type === undefined) return { problem: wrongType(typed) };
  const client = given('client') ?? (asker || THIS_HOST);
  if (isIP(client) === 0)
    return { problem: `${quote(client)} is no address; write that of the client, such as 192.168.1.30.` };
  const isReverse = name.isAddress && MEANT_AS_PTR.has(type);
  return { question: { name: name.wire, type: isReverse ? TYPE.PTR : type, client } };
}

/** A name in wire form, case kept; `isAddress`: an address was typed, and the name is that of its pointer. */
export type ReadName = { readonly wire: string; readonly isAddress: boolean } | { readonly problem: string };

export function readTypedName(typed: string): ReadName {
  const text = typed.trim();
  if (text === '') return { problem: 'A name is needed, such as nas.home.arpa.' };
  if (isIP(text) !== 0) return { wire: pointerOf(text), isAddress: true };
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#:]*)/i.exec(text);
  if (url !== null) return { problem: `That is a URL, and a name is needed: ${quote(url[1]!)}.` };
  try {
    const ascii = asciiForm(text);
    return isIP(ascii) === 0
      ? { wire: parseName(ascii), isAddress: false }
      : { wire: pointerOf(ascii), isAddress: true };
  } catch (error) {
    if (error instanceof NameSyntaxError) return { problem: `${capital(error.message)}.` };
    throw error;
  }
}

/** A name as its readers write it, where that is not how it is asked for: "bücher.example." of "xn--bcher-kva.example."; null elsewhere. */
export function readableForm(name: string): string | null {
  if (!/(?:^|\.)xn--/i.test(name) || name.includes('\\')) return null;
  const readable = domainToUnicode(name);
  // What does not lead back to the same name would only mislead.
  return readable !== '' && readable !== name.toLowerCase() && domainToASCII(readable) === name.toLowerCase()
    ? readable
    : null;
}

/** @throws NameSyntaxError */
function asciiForm(text: string): string {
  const stray = /[\s\p{Cc}]/u.exec(text)?.[0];
  if (stray !== undefined && stray <= '\u007f') {
    const code = String(stray.charCodeAt(0)).padStart(3, '0');
    const kind = stray === ' ' ? 'a space' : 'a control character';
    throw new NameSyntaxError(
      `${quote(text)} holds ${kind}; where one is really meant, write it as \\${code}`,
    );
  }
  const trimmed = text.replace(/(?<=[^\\.])\.+$/, '.');
  if (/^[\0-\x7f]*$/.test(trimmed)) return trimmed;
  // Each of these means something to the parser of hosts behind domainToASCII, and would be cut off or turned silently.
  if (/[\\/?#%@:]/.test(trimmed))
    throw new NameSyntaxError(
      `${quote(text)} mixes letters beyond ASCII with characters that have no place in a name`,
    );
  const ascii = domainToASCII(trimmed);
  if (ascii === '') throw new NameSyntaxError(`${quote(text)} has characters that no name may have (IDNA)`);
  return ascii;
}

function pointerOf(address: string): string {
  return reverseNameKey(Uint8Array.from(ipaddr.parse(address.split('%', 1)[0]!).toByteArray()));
}

function wrongType(typed: string): string {
  const near = suggest(typed, Object.keys(TYPE));
  const hint = near === undefined ? 'write A, AAAA, MX and the like, or a number as TYPE65' : `write ${near}`;
  return `${quote(typed)} is no record type; ${hint}.`;
}
