// The names that a file of another program's may give: host names (RFC 1123 section 2.1), with the underscore that devices
// send. What a DHCP client calls itself is put into the domain of the house, and cannot become a name that machines look
// for by themselves (VU#598349). Pure.

import {
  isAtOrBelow,
  labelsOf,
  lowerName,
  type NameKey,
  NameSyntaxError,
  parseName,
  ROOT,
} from '../../dns/names.ts';

const LABEL = /^(?!-)[\w-]{1,63}(?<!-)$/;
const NAME_OCTETS_MAX = 255; // RFC 1035 section 2.3.4
/** Whoever is called so is asked for a proxy, a tunnel or for itself: Windows' global query block list, RFC 6761. */
const NOBODY: ReadonlySet<string> = new Set(['wpad', 'isatap', 'localhost']);

/** In wire form, case kept, or null for what is no host name. A dot at the end changes nothing. */
export function hostName(text: string): string | null {
  const labels = text.replace(/\.$/, '').split('.');
  if (!labels.every((label) => LABEL.test(label))) return null;
  try {
    return parseName(labels.join('.'), ROOT);
  } catch (error) {
    if (error instanceof NameSyntaxError) return null; // too long
    throw error;
  }
}

/**
 * The name of a DHCP client in `domain`, in wire form: as it says where it says one in the domain, else its first label
 * there. Null for what is no host name, or a name that nobody may take; a label that begins with an underscore is none
 * of a host's (RFC 8552 section 1.1), and machines look for services and proofs there.
 */
export function leasedName(text: string, domain: NameKey): string | null {
  const name = hostName(text);
  if (name === null || NOBODY.has(text.split('.', 1)[0]!.toLowerCase())) return null;
  const key = lowerName(name);
  const isInDomain = key !== domain && isAtOrBelow(key, domain);
  const own = isInDomain ? name.slice(0, -domain.length) : name.slice(0, 1 + name.charCodeAt(0));
  if (labelsOf(own).some((label) => label.startsWith('_'))) return null;
  if (isInDomain) return name;
  return own.length + domain.length > NAME_OCTETS_MAX ? null : own + domain;
}
