// What may be written under `certificate`: names, files of the owner's, ACME, and further certificates.
// A part of schema.ts; `acme` itself is in acme-schema.ts, rules between the keys in certificate-rules.ts.

import { z } from 'zod';
import { acme } from './acme-schema.ts';
import { ENTRIES_MAX } from './limits.ts';
import { address, filePath, missing, text } from './schema-forms.ts';
import { parseHostName } from './url-parts.ts';
import { quote, ValueError } from './value-error.ts';

/** A host name, or one with a wildcard as its first label. @throws ValueError */
function parseCertificateName(written: string): string {
  if (!written.startsWith('*.')) return parseHostName(written);
  const below = written.slice(2);
  if (below.includes('*') || below === '')
    throw new ValueError(
      `${quote(written)} is no name; write one wildcard and a domain, as in *.home.example`,
    );
  return `*.${parseHostName(below)}`;
}

const names = z
  .array(text(parseCertificateName, { examples: ['dns.home.example', '*.dns.home.example'] }))
  .max(ENTRIES_MAX.names)
  .optional();

const OWN_FILES = missing(
  'a certificate of your own needs both `certificate` and `key`; write the missing one',
);

const files = z
  .strictObject({
    certificate: filePath('PEM file of the certificate and its chain', OWN_FILES),
    key: filePath('PEM file of its private key', OWN_FILES),
  })
  .optional();

const further = z.strictObject({
  names: names.describe('Host names of this certificate, answered by this server as well'),
  files: files.describe('A certificate of your own'),
  acme: acme.optional().describe('As in certificate.acme, whose keys count where none are written here'),
});

export const certificate = z
  .strictObject({
    names: names.describe(
      'Host names of this server: in its certificate, and answered by itself in every state',
    ),
    addresses: z
      .array(address())
      .max(ENTRIES_MAX.addresses)
      .optional()
      .describe('Answered for these names; when empty, the address that was asked'),
    files: files.describe('A certificate of your own; without it, the local CA in certs_dir makes one'),
    acme: acme
      .optional()
      .describe("A certificate from Let's Encrypt or another ACME CA (RFC 8555), renewed by itself"),
    more: z
      .array(further)
      .max(ENTRIES_MAX.certificates)
      .optional()
      .describe('Further certificates, shown to who asks for one of their names (SNI)'),
  })
  .optional()
  .describe('What DoT and DoH show to clients');
