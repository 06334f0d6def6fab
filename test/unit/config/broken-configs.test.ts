// Broken configuration files and every word that is said about each: a table of the file and its exact messages.
// A row whose message reads badly is a bug; change the sentence in src/config and the row together.

import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigProblems } from '../../../src/config/problems.ts';

interface Broken {
  readonly name: string;
  /** A first line break is not part of the file, so that line 1 is the first one to be seen here. */
  readonly yaml: string;
  readonly problems: readonly string[];
}

const BROKEN: readonly Broken[] = [
  {
    name: 'a tab that indents a line',
    yaml: `
listen:
\tdns: ["127.0.0.1:53"]
`,
    problems: [`home.yaml:2: a tab indents this line; YAML takes spaces only`],
  },
  {
    name: 'an IPv6 address in brackets without quotes',
    yaml: `
listen:
  dns:
    - [::1]:53
`,
    problems: [`home.yaml:3: an address in brackets needs quotes, such as "[::1]:53"`],
  },
  {
    name: 'the same inside a list on one line',
    yaml: `
listen:
  dns: [127.0.0.1:53, [::1]:53]
`,
    problems: [
      `home.yaml:2: listen.dns[1]: a key must be a plain text; an address in brackets needs quotes, such as "[::1]:53"`,
    ],
  },
  {
    name: 'a wildcard record without quotes',
    yaml: `
zones:
  home.arpa:
    records:
      - *.lab A 192.168.1.40
`,
    problems: [`home.yaml:4: a text that begins with * needs quotes, such as "*.lab A 192.168.1.20"`],
  },
  {
    name: 'a record that begins with @ without quotes',
    yaml: `
zones:
  home.arpa:
    records:
      - @ A 192.168.1.40
`,
    problems: [`home.yaml:4: a text cannot begin with this character; put the whole text in quotes`],
  },
  ...[
    'filter: {rewrites: {*.x.example: 192.168.1.5}}',
    'filter: {rewrites: {"a.example": 192.168.1.5, *.x.example: 192.168.1.5}}',
    'zones: {home.arpa: {records: [nas A 192.168.1.20, *.lab A 192.168.1.20]}}',
  ].map((yaml) => ({
    name: `the same in brackets: ${yaml}`,
    yaml,
    problems: [`home.yaml:1: a text that begins with * needs quotes, such as "*.lab A 192.168.1.20"`],
  })),
  {
    name: 'an entry in brackets that lacks its colon, beside a star in quotes and one in a comment',
    yaml: `filter: {rewrites: {"[*.x.example" a.example}} # [*]`,
    problems: [
      `home.yaml:1: "filter: {rewrites: {"[*.x.example" a.example}} # [*]" fits in here neither as "key: value" nor as "- entry"; a space follows the colon or hyphen`,
    ],
  },
  {
    name: 'a bracket that is never closed',
    yaml: `
listen:
  dns: ["127.0.0.1:53"
log:
  level: info
`,
    problems: [`home.yaml:2: a quote or bracket is opened here and not closed`],
  },
  {
    name: 'a quote that is never closed',
    yaml: `
certs_dir: "certs
log:
  level: info
`,
    problems: [`home.yaml:1: a quote or bracket is opened here and not closed`],
  },
  {
    name: 'a key indented too far',
    yaml: `
log:
  level: info
   format: text
`,
    problems: [
      `home.yaml:2: a second key begins within this one; put texts with ": " in quotes, and indent keys of one level alike`,
    ],
  },
  {
    name: 'a key indented too little',
    yaml: `
log:
  level: info
 format: text
`,
    problems: [
      `home.yaml:3: this line is indented unlike the others of its level; indent keys of one level alike`,
    ],
  },
  {
    name: 'a colon without a space',
    yaml: `
log:
  level:info
  format: text
`,
    problems: [
      `home.yaml:2: "level:info" fits in here neither as "key: value" nor as "- entry"; a space follows the colon or hyphen`,
    ],
  },
  {
    name: 'two documents',
    yaml: `
log: {level: info}
---
log: {level: debug}
`,
    problems: [`home.yaml:2: a second document begins here; keep everything in one, without "---"`],
  },
  {
    name: 'a tag',
    yaml: `log: !level info`,
    problems: [`home.yaml:1: tags (!name) are not used here; delete it, or put the text in quotes`],
  },
  {
    name: 'a key twice, while the rest is judged too',
    yaml: `
log: {level: info}
cache: {max_bytes: 1}
log: {level: debug}
`,
    problems: [
      `home.yaml:2: cache.max_bytes: "1" has no unit; write 1MiB`,
      `home.yaml:3: the key "log" stands here twice; keep one`,
    ],
  },
  {
    name: 'an alias without its anchor',
    yaml: `
log: &log {level: info}
cache: *lgo
`,
    problems: [
      `home.yaml:2: cache: "*lgo" repeats an anchor that is not there; a text that begins with * needs quotes`,
    ],
  },
  {
    name: 'aliases that unfold into a bomb',
    yaml: `
a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
`,
    problems: [`home.yaml:2: the file holds over 100 aliases (*name)`],
  },
  {
    name: 'an alias to what it stands in',
    yaml: `cache: &a {max_bytes: *a}`,
    problems: [`home.yaml:1: the file is nested over 20 levels deep here`],
  },
  {
    name: 'a key __proto__',
    yaml: `__proto__: {listen: {}}`,
    problems: [`home.yaml:1: the key \`__proto__\` cannot be used`],
  },
  {
    name: 'names of the language as keys',
    yaml: `zones: {constructor: {toString: []}}`,
    problems: [
      `home.yaml:1: zones.constructor: unknown key \`toString\`; the keys here are \`records\`, \`file\``,
    ],
  },
  {
    name: 'brackets without end',
    yaml: `x: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]`,
    problems: [`home.yaml:1: the file is nested over 20 levels deep here`],
  },
  {
    name: 'more brackets than the stack holds',
    yaml: '['.repeat(5000),
    problems: [`home.yaml:1: the file is nested too deeply to be a configuration`],
  },
  {
    name: 'a list in place of keys',
    yaml: `- listen`,
    problems: [`home.yaml: keys with values belong here, not a list; see docs/configuration.md`],
  },
  {
    name: 'a text in place of keys',
    yaml: `just text`,
    problems: [
      `home.yaml: keys with values belong here, not the text "just text"; see docs/configuration.md`,
    ],
  },
  {
    name: 'a text in place of a section',
    yaml: `log: debug`,
    problems: [
      `home.yaml:1: log: keys with values belong here, not the text "debug"; see docs/configuration.md`,
    ],
  },
  {
    name: 'a text in place of a list',
    yaml: `
listen:
  dns: 127.0.0.1:53
`,
    problems: [
      `home.yaml:2: listen.dns: a list belongs here, not the text "127.0.0.1:53"; write ["127.0.0.1:53"]`,
    ],
  },
  {
    name: 'keys in place of a list',
    yaml: `
upstreams:
  url: tls://1.1.1.1
`,
    problems: [
      `home.yaml:1: upstreams: a list belongs here, not a mapping of keys; begin each entry with "- "`,
    ],
  },
  {
    name: 'a number in place of a text',
    yaml: `
listen:
  dns: [53]
`,
    problems: [`home.yaml:2: listen.dns[0]: a text belongs here, not the number 53`],
  },
  {
    name: 'an empty entry',
    yaml: `
listen:
  dns:
    -
`,
    problems: [`home.yaml:3: listen.dns[0]: this entry is empty; write a value or delete the line`],
  },
  {
    name: 'a list that is too long',
    yaml: `
certificate:
  addresses: [10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, 10.0.0.8, 10.0.0.9, 10.0.0.10, 10.0.0.11, 10.0.0.12, 10.0.0.13, 10.0.0.14, 10.0.0.15, 10.0.0.16]
`,
    problems: [`home.yaml:2: certificate.addresses: the list has more than 16 entries; write fewer`],
  },
  {
    name: 'a mistyped key at the top',
    yaml: `upstream: []`,
    problems: [`home.yaml:1: unknown key \`upstream\`; did you mean \`upstreams\`?`],
  },
  {
    name: 'a mistyped key further in',
    yaml: `
listen:
  dns: [127.0.0.1]
  dto: [127.0.0.1]
`,
    problems: [`home.yaml:3: listen: unknown key \`dto\`; did you mean \`dot\`?`],
  },
  {
    name: 'a mistyped key in a list entry',
    yaml: `
upstreams:
  - url: tls://1.1.1.1
    adresses: [1.0.0.1]
`,
    problems: [`home.yaml:3: upstreams[0]: unknown key \`adresses\`; did you mean \`addresses\`?`],
  },
  {
    name: 'a mistyped key with nothing behind it',
    yaml: `
zones:
  home.arpa:
    record:
`,
    problems: [`home.yaml:3: zones.home.arpa: unknown key \`record\`; did you mean \`records\`?`],
  },
  {
    name: 'a key in the wrong place',
    yaml: `dns: ["127.0.0.1"]`,
    problems: [
      `home.yaml:1: unknown key \`dns\` here; it is written as \`listen.dns\` or \`certificate.acme.dns\``,
    ],
  },
  {
    name: 'a key that resembles none',
    yaml: `log: {colour: red}`,
    problems: [
      `home.yaml:1: log: unknown key \`colour\`; the keys here are \`level\`, \`queries\`, \`format\``,
    ],
  },
  {
    name: 'a size without a unit',
    yaml: `cache: {max_bytes: 64}`,
    problems: [`home.yaml:1: cache.max_bytes: "64" has no unit; write 64MiB`],
  },
  {
    name: 'a size with a unit of its own',
    yaml: `cache: {max_bytes: 64mb}`,
    problems: [
      `home.yaml:1: cache.max_bytes: "64mb" has the unknown unit "mb"; write a size such as 512KiB, 64MiB or 1GB`,
    ],
  },
  {
    name: 'a size out of bounds',
    yaml: `cache: {max_bytes: 1KiB}`,
    problems: [`home.yaml:1: cache.max_bytes: "1KiB" is out of bounds; write 1MiB to 4GiB (default 64MiB)`],
  },
  {
    name: 'a duration without a unit',
    yaml: `limits: {connection_idle: 30}`,
    problems: [`home.yaml:1: limits.connection_idle: "30" has no unit; write 30s`],
  },
  {
    name: 'a duration in words',
    yaml: `limits: {connection_idle: 30 seconds}`,
    problems: [
      `home.yaml:1: limits.connection_idle: "30 seconds" has the unknown unit "seconds"; write a duration such as 500ms, 30s, 10m, 12h or 7d`,
    ],
  },
  {
    name: 'a deadline that no client would wait for',
    yaml: `limits: {query_deadline: 5s}`,
    problems: [
      `home.yaml:1: limits.query_deadline: "5s" is out of bounds; write 500ms to 4900ms (default 4500ms)`,
    ],
  },
  {
    name: 'a limit that is not a number',
    yaml: `limits: {connections: many}`,
    problems: [
      `home.yaml:1: limits.connections: the text "many" does not fit; write a whole number of 1 to 100000`,
    ],
  },
  {
    name: 'a limit switched off',
    yaml: `limits: {connections: 0}`,
    problems: [
      `home.yaml:1: limits.connections: the number 0 does not fit; write a whole number of 1 to 100000`,
    ],
  },
  {
    name: 'UDP answers that would be fragmented',
    yaml: `limits: {udp_payload: 4096}`,
    problems: [
      `home.yaml:1: limits.udp_payload: the number 4096 does not fit; write a whole number of 512 to 1400`,
    ],
  },
  {
    name: 'a share of one client above the whole',
    yaml: `limits: {pending_queries: 100, pending_queries_per_client: 200}`,
    problems: [
      `home.yaml:1: limits.pending_queries_per_client: one client may have 200, and all together 100 (limits.pending_queries); write at most 100`,
    ],
  },
  {
    name: 'a host name to listen on',
    yaml: `listen: {dns: [dns.home.arpa]}`,
    problems: [
      `home.yaml:1: listen.dns[0]: "dns.home.arpa" is a name, and no name can be looked up before the server runs; write an address, such as 127.0.0.1:53`,
    ],
  },
  {
    name: 'a port that does not exist',
    yaml: `listen: {dns: ["127.0.0.1:70000"]}`,
    problems: [
      `home.yaml:1: listen.dns[0]: "127.0.0.1:70000" has the port "70000"; write a number of 1 to 65535`,
    ],
  },
  {
    name: 'an address that does not exist',
    yaml: `listen: {dns: ["10.0.0.300:53"]}`,
    problems: [
      `home.yaml:1: listen.dns[0]: "10.0.0.300:53" is not an address; write one such as 127.0.0.1:53 or [::1]:53`,
    ],
  },
  {
    name: 'a link-local address without its interface',
    yaml: `listen: {dns: ["fe80::1"]}`,
    problems: [
      `home.yaml:1: listen.dns[0]: "fe80::1" is link-local and needs its interface; write fe80::1%eth0, say`,
    ],
  },
  {
    name: 'an IPv4 address written as IPv6',
    yaml: `listen: {dns: ["[::ffff:10.0.0.1]:53"]}`,
    problems: [
      `home.yaml:1: listen.dns[0]: "::ffff:10.0.0.1" is an IPv4 address written as IPv6; write 10.0.0.1`,
    ],
  },
  {
    name: 'a listen address twice, once with its default port',
    yaml: `listen: {dns: [127.0.0.1, "127.0.0.1:53"]}`,
    problems: [
      `home.yaml:1: listen.dns[1]: 127.0.0.1:53 is listed already at listen.dns[0]; give each an address or port of its own`,
    ],
  },
  {
    name: 'a listen address twice in two spellings',
    yaml: `listen: {dns: ["[::1]:53", "[0:0:0:0:0:0:0:1]:53"]}`,
    problems: [
      `home.yaml:1: listen.dns[1]: [::1]:53 is listed already at listen.dns[0]; give each an address or port of its own`,
    ],
  },
  {
    name: 'one address for DoT and DoH',
    yaml: `
listen:
  dot: ["127.0.0.1:853"]
  doh: ["127.0.0.1:853"]
`,
    problems: [
      `home.yaml:3: listen.doh[0]: 127.0.0.1:853 is listed already at listen.dot[0]; give each an address or port of its own`,
    ],
  },
  {
    name: 'a wildcard beside an address that it covers',
    yaml: `listen: {dns: [0.0.0.0, 192.168.1.2]}`,
    problems: [
      `home.yaml:1: listen.dns[1]: 192.168.1.2:53 and 0.0.0.0:53 (listen.dns[0]) overlap; keep one of them`,
    ],
  },
  {
    name: 'the same the other way round',
    yaml: `listen: {dns: [192.168.1.2, 0.0.0.0]}`,
    problems: [
      `home.yaml:1: listen.dns[1]: 0.0.0.0:53 and 192.168.1.2:53 (listen.dns[0]) overlap; keep one of them`,
    ],
  },
  {
    name: 'nothing to listen on',
    yaml: `listen: {dns: [], dot: [], doh: []}`,
    problems: [
      `home.yaml:1: listen: nothing listens for queries; write an address under \`dns\`, \`dot\` or \`doh\``,
    ],
  },
  {
    name: 'a mistyped range of clients',
    yaml: `access: {allow: [privat]}`,
    problems: [`home.yaml:1: access.allow[0]: "privat" is not a known range; did you mean private?`],
  },
  {
    name: 'an unknown range of clients',
    yaml: `access: {allow: [everybody]}`,
    problems: [
      `home.yaml:1: access.allow[0]: "everybody" is not a known range; write loopback, private, local or a prefix such as 192.168.0.0/16`,
    ],
  },
  {
    name: 'a prefix with bits beyond its length',
    yaml: `access: {allow: [192.168.1.1/24]}`,
    problems: [
      `home.yaml:1: access.allow[0]: "192.168.1.1/24" has bits set beyond its prefix; write 192.168.1.0/24`,
    ],
  },
  {
    name: 'a prefix that is too long',
    yaml: `access: {allow: [10.0.0.0/33]}`,
    problems: [
      `home.yaml:1: access.allow[0]: "10.0.0.0/33" has a wrong prefix length; write a number of 0 to 32 after the slash`,
    ],
  },
  {
    name: 'an upstream without tls://',
    yaml: `
upstreams:
  - url: 1.1.1.1
`,
    problems: [`home.yaml:2: upstreams[0].url: "1.1.1.1" does not say how to ask; write tls://1.1.1.1`],
  },
  {
    name: 'an upstream in plaintext',
    yaml: `
upstreams:
  - url: udp://1.1.1.1:53
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "udp://1.1.1.1:53" would ask in plaintext, which is never done for names of the world; write tls://1.1.1.1`,
    ],
  },
  {
    name: 'an upstream by name without addresses',
    yaml: `
upstreams:
  - url: tls://dns.quad9.net
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "dns.quad9.net" is a name, and looking it up would need an upstream whose address is known; write its addresses beside it, such as addresses: ["192.0.2.1"]`,
    ],
  },
  {
    name: 'upstreams that are all names without addresses',
    yaml: `
upstreams:
  - url: https://dns.quad9.net/dns-query
  - url: tls://one.one.one.one
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "dns.quad9.net" is a name, and looking it up would need an upstream whose address is known; write its addresses beside it, such as addresses: ["192.0.2.1"]`,
    ],
  },
  {
    name: 'an upstream over HTTP',
    yaml: `
upstreams:
  - url: http://1.1.1.1/dns-query
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "http://1.1.1.1/dns-query" would ask in plaintext, which is never done for names of the world; write https://1.1.1.1/dns-query`,
    ],
  },
  {
    name: 'an upstream as the template of RFC 8484',
    yaml: `
upstreams:
  - url: https://1.1.1.1/dns-query{?dns}
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "https://1.1.1.1/dns-query{?dns}" ends in {?dns}, which goes without saying; write https://1.1.1.1/dns-query`,
    ],
  },
  {
    name: 'an upstream with a query',
    yaml: `
upstreams:
  - url: https://1.1.1.1/dns-query?ct=application/dns-message
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "https://1.1.1.1/dns-query?…" carries a query or a fragment, which is not sent; write https://1.1.1.1/dns-query`,
    ],
  },
  {
    name: 'an upstream with a path that none can be',
    yaml: `
upstreams:
  - url: https://1.1.1.1/dns query
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "https://1.1.1.1/dns query" has a character in its path that none can have; write it percent-encoded, such as %20`,
    ],
  },
  {
    name: 'an upstream with no host',
    yaml: `
upstreams:
  - url: https:///dns-query
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "https:///dns-query" has no host in it that can be read; write https://192.0.2.1 or https://host.example`,
    ],
  },
  {
    name: 'an upstream by the scheme of its transport',
    yaml: `
upstreams:
  - url: h3://1.1.1.1/dns-query
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "h3://1.1.1.1/dns-query" has the unknown scheme h3://; write https://1.1.1.1/dns-query`,
    ],
  },
  {
    name: 'an upstream that is our own DoH, and one behind a wildcard',
    yaml: `
listen: {doh: [192.168.1.2], dot: ["[::]"]}
upstreams:
  - url: https://192.168.1.2
  - url: tls://[::1]
`,
    problems: [
      `home.yaml:3: upstreams[0].url: 192.168.1.2 port 443 is where this server itself listens (listen.doh), so it would ask itself; write another resolver`,
      `home.yaml:4: upstreams[1].url: ::1 port 853 is where this server itself listens (listen.dot), so it would ask itself; write another resolver`,
    ],
  },
  {
    name: 'an upstream with an unknown scheme',
    yaml: `
upstreams:
  - url: quic://dns.adguard.com
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "quic://dns.adguard.com" has the unknown scheme quic://; write tls://dns.adguard.com`,
    ],
  },
  {
    name: 'an upstream with a user name',
    yaml: `
upstreams:
  - url: tls://me@1.1.1.1
`,
    problems: [`home.yaml:2: upstreams[0].url: "tls://…@1.1.1.1" carries a user name; write tls://1.1.1.1`],
  },
  {
    name: 'an upstream with a path',
    yaml: `
upstreams:
  - url: tls://1.1.1.1/dns-query
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "tls://1.1.1.1/dns-query" carries a path or a query, which DNS over TLS has not; write tls://1.1.1.1`,
    ],
  },
  {
    name: 'an upstream with a port that does not exist',
    yaml: `
upstreams:
  - url: tls://1.1.1.1:0
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "tls://1.1.1.1:0" has the port "0"; write a number of 1 to 65535`,
    ],
  },
  {
    name: 'an upstream by IPv6 address without brackets',
    yaml: `
upstreams:
  - url: tls://2620:fe::fe
`,
    problems: [
      `home.yaml:2: upstreams[0].url: "tls://2620:fe::fe" has an IPv6 address without brackets; write tls://[2620:fe::fe]`,
    ],
  },
  {
    name: 'an upstream without a url',
    yaml: `
upstreams:
  - addresses: [1.1.1.1]
`,
    problems: [`home.yaml:2: upstreams[0].url: an upstream needs a \`url\`, such as tls://dns.quad9.net`],
  },
  {
    name: 'an upstream as a bare text',
    yaml: `
upstreams:
  - tls://1.1.1.1
`,
    problems: [`home.yaml:2: upstreams[0]: an upstream is an entry with keys; write "- url: tls://1.1.1.1"`],
  },
  {
    name: 'an upstream address with a port',
    yaml: `
upstreams:
  - url: tls://1.1.1.1
    addresses: ["1.1.1.1:853"]
`,
    problems: [
      `home.yaml:3: upstreams[0].addresses[0]: "1.1.1.1:853" carries a port; write 1.1.1.1 alone here`,
    ],
  },
  {
    name: 'a pin that is not one',
    yaml: `
upstreams:
  - url: tls://1.1.1.1
    pins: [sha256/abc]
`,
    problems: [
      `home.yaml:3: upstreams[0].pins[0]: "sha256/abc" is not a pin; write sha256/ and 44 characters of base64`,
    ],
  },
  {
    name: 'a path that begins with ~',
    yaml: `
upstreams:
  - url: tls://1.1.1.1
    ca_file: ~/ca.pem
`,
    problems: [`home.yaml:3: upstreams[0].ca_file: "~/ca.pem": ~ is not expanded here; write the whole path`],
  },
  {
    name: 'an upstream twice',
    yaml: `
upstreams:
  - url: tls://1.1.1.1
  - url: tls://1.1.1.1:853
`,
    problems: [
      `home.yaml:3: upstreams[1].url: "tls://1.1.1.1:853" is listed already at upstreams[0]; write one entry with all its addresses`,
    ],
  },
  {
    name: 'an upstream that is this server',
    yaml: `
listen: {dot: [127.0.0.1]}
upstreams:
  - url: tls://127.0.0.1
`,
    problems: [
      `home.yaml:3: upstreams[0].url: 127.0.0.1 port 853 is where this server itself listens (listen.dot), so it would ask itself; write another resolver`,
    ],
  },
  {
    name: 'forwarded zones that the world has, or that have no names',
    yaml: `
forward:
  .: [192.168.1.1]
  com: [192.168.1.1]
  onion: [192.168.1.1]
  8.8.8.in-addr.arpa: [192.168.1.1]
  192.168.0.0/15: [192.168.1.1]
  192.168.1.0/25: [192.168.1.1]
  192.168.1.1/24: [192.168.1.1]
  lab..example: [192.168.1.1]
`,
    problems: [
      `home.yaml:2: forward..: the root is every name of the world, and those are asked over TLS only; write a zone such as lab.example, or a private prefix such as 192.168.1.0/24`,
      `home.yaml:3: forward.com: "com" is a top-level domain of the world, or may become one, and its names are asked over TLS only; write the zone below it that is yours, or one of internal, lan, home, corp, intranet, private, localdomain, test, example, local`,
      `home.yaml:4: forward.onion: "onion" is answered here and never asked for (RFC 6761, 7686, 9462, 9476); write a zone such as lab.example, or a private prefix such as 192.168.1.0/24`,
      `home.yaml:5: forward.8.8.8.in-addr.arpa: "8.8.8.in-addr.arpa" holds names of public addresses, which are asked over TLS only; write the reverse zone of a private network, such as 1.168.192.in-addr.arpa`,
      `home.yaml:6: forward.192.168.0.0/15: "192.168.0.0/15" holds names of public addresses, which are asked over TLS only; write the reverse zone of a private network, such as 1.168.192.in-addr.arpa`,
      `home.yaml:7: forward.192.168.1.0/25: "192.168.1.0/25" is smaller than a reverse zone; write a prefix of at most 24 bits`,
      `home.yaml:8: forward.192.168.1.1/24: "192.168.1.1/24" has bits set beyond its prefix; write 192.168.1.0/24`,
      `home.yaml:9: forward.lab..example: "lab..example" has an empty label; write a zone such as lab.example, or a private prefix such as 192.168.1.0/24`,
    ],
  },
  {
    name: 'forwarded zones that are answered already',
    yaml: `
forward:
  lab.example: [192.168.1.1]
  LAB.example.: [192.168.1.1]
  home.arpa: [192.168.1.1]
  192.168.1.0/24: [192.168.1.1]
  1.168.192.in-addr.arpa: [192.168.1.1]
zones:
  home.arpa: {}
`,
    problems: [
      `home.yaml:3: forward.LAB.example.: this is the zone of "lab.example" again; write all its servers there`,
      `home.yaml:4: forward.home.arpa: home.arpa stands under \`zones\` too, which come first, so no server would ever be asked; delete one of them`,
      `home.yaml:6: forward.1.168.192.in-addr.arpa: this is the zone of "192.168.1.0/24" again; write all its servers there`,
    ],
  },
  {
    name: 'servers of forwarded zones that are in the world, nowhere, or here',
    yaml: `
forward:
  a.example: ["9.9.9.9", "192.168.1.1"]
  b.example: ["2620:fe::fe"]
  c.example: []
  d.example:
  e.example: [127.0.0.1]
  f.example: [192.168.1.2]
listen:
  dns: [0.0.0.0, 192.168.1.2:5300]
`,
    problems: [
      `home.yaml:2: forward.a.example[0]: 9.9.9.9:53 is not on a private network, and plain DNS is never sent into the world; write a resolver on your own network, or list this one under \`upstreams\` as tls:// or https://`,
      `home.yaml:3: forward.b.example[0]: [2620:fe::fe]:53 is not on a private network, and plain DNS is never sent into the world; write a resolver on your own network, or list this one under \`upstreams\` as tls:// or https://`,
      `home.yaml:4: forward.c.example: no server is written for it; write its address, such as [192.168.1.1]`,
      `home.yaml:5: forward.d.example: no server is written for it; write its address, such as [192.168.1.1]`,
      `home.yaml:6: forward.e.example[0]: 127.0.0.1:53 is where this server itself listens (listen.dns), so it would ask itself; write another resolver`,
    ],
  },
  {
    name: 'a server of a forwarded zone by name, and one without its interface',
    yaml: `
forward:
  lab.example: [router.lan, "fe80::1"]
`,
    problems: [
      `home.yaml:2: forward.lab.example[0]: "router.lan" is a name, and no name can be looked up before the server runs; write an address, such as 127.0.0.1:53`,
      `home.yaml:2: forward.lab.example[1]: "fe80::1" is link-local and needs its interface; write fe80::1%eth0, say`,
    ],
  },
  {
    name: 'more forwarded zones than there may be',
    yaml: `
forward: {${Array.from({ length: 101 }, (_, at) => `z${at}.example: [192.168.1.1]`).join(', ')}}
`,
    problems: [`home.yaml:1: forward: there are more than 100 zones; write fewer`],
  },
  {
    name: 'files with names',
    yaml: `
hosts: [/etc/hosts, ~/hosts, /etc/../etc/hosts]
leases:
  - {file: dnsmasq.leases, format: dnsmask, domain: home.arpa}
  - {file: kea-leases4.csv, format: kea, domain: .}
  - {format: isc, domain: a..b}
  - dnsmasq.leases
  - {file: x}
zones:
  home.arpa: {file: ""}
`,
    problems: [
      `home.yaml:1: hosts[1]: "~/hosts": ~ is not expanded here; write the whole path`,
      `home.yaml:1: hosts[2]: "/etc/../etc/hosts" is written twice; delete one`,
      `home.yaml:3: leases[0].format: "dnsmask" is not one of dnsmasq, kea, isc; did you mean dnsmasq?`,
      `home.yaml:4: leases[1].domain: "." is the root; write a zone such as home.arpa`,
      `home.yaml:5: leases[2].file: leases need a \`file\`, such as /var/lib/misc/dnsmasq.leases`,
      `home.yaml:5: leases[2].domain: "a..b" has an empty label; write a zone such as home.arpa`,
      `home.yaml:6: leases[3]: keys with values belong here, not the text "dnsmasq.leases"; see docs/configuration.md`,
      `home.yaml:7: leases[4].format: leases need a \`format\`; write dnsmasq, kea, isc`,
      `home.yaml:7: leases[4].domain: leases need a \`domain\`, the zone that their names are in, such as home.arpa`,
      `home.yaml:9: zones.home.arpa.file: "" is no path`,
    ],
  },
  {
    name: 'a file with names twice',
    yaml: `
hosts: [/etc/hosts, /etc/../etc/hosts]
leases:
  - {file: /etc/hosts, format: isc, domain: lan}
`,
    problems: [
      `home.yaml:1: hosts[1]: "/etc/../etc/hosts" is written twice; delete one`,
      `home.yaml:3: leases[0].file: "/etc/hosts" is written twice; delete one`,
    ],
  },
  {
    name: 'names of clients in a zone that another server answers',
    yaml: `
forward: {lab.example: [192.168.1.1], corp.example: [192.168.1.1]}
leases:
  - {file: a.leases, format: isc, domain: lab.example}
  - {file: b.leases, format: isc, domain: dhcp.LAB.example}
  - {file: c.leases, format: isc, domain: home.corp.example}
  - {file: d.leases, format: isc, domain: example}
zones:
  home.corp.example: {}
`,
    problems: [
      `home.yaml:3: leases[0].domain: lab.example lies in lab.example under \`forward\`, whose server knows its names, and devices would choose others there; write another domain, such as home.arpa, or delete that zone`,
      `home.yaml:4: leases[1].domain: dhcp.lab.example lies in lab.example under \`forward\`, whose server knows its names, and devices would choose others there; write another domain, such as home.arpa, or delete that zone`,
    ],
  },
  {
    name: 'names of clients in the world, chosen by themselves',
    yaml: `
leases:
  - {file: a.leases, format: isc, domain: com}
  - {file: b.leases, format: isc, domain: fritz.box}
  - {file: c.leases, format: isc, domain: lan}
  - {file: d.leases, format: isc, domain: häuschen.example}
`,
    problems: [
      `home.yaml:2: leases[0].domain: "com" is a top-level domain of the world, or may become one, and devices would choose names in it; write a zone of your own, such as home.arpa, or one of internal, lan, home, corp, intranet, private, localdomain, test, example, local`,
      `home.yaml:5: leases[3].domain: "häuschen.example" holds the non-ASCII character "ä"; write its IDNA form, "xn--huschen-5wa.example"`,
    ],
  },
  {
    name: 'addresses in place of names',
    yaml: `
rebinding:
  allow: [192.168.1.20, 192.168.1.0/24, "fd00::1", "[fd00::1]:53", "192.168.1.20."]
filter:
  answer: 192.168.1.5
  rewrites: {192.168.1.5: 192.168.1.6}
zones:
  192.168.1.0/24: {}
`,
    problems: [
      ...['192.168.1.20', '192.168.1.0/24', 'fd00::1', '[fd00::1]:53', '192.168.1.20.'].map(
        (written, position) =>
          `home.yaml:2: rebinding.allow[${position}]: "${written}" is an address, and only names can be allowed here; write the name that may lead to it, such as nas.example.com`,
      ),
      `home.yaml:4: filter.answer: "192.168.1.5" is an address, which is no answer here; write zero, or a name under \`zones\` that has it`,
      `home.yaml:5: filter.rewrites.192.168.1.5: "192.168.1.5" is an address, and names are rewritten; write the name that devices ask for`,
      `home.yaml:7: zones.192.168.1.0/24: "192.168.1.0/24" is an address, and a zone is a name; write a zone such as home.arpa, or such as 1.168.192.in-addr.arpa`,
    ],
  },
  {
    name: 'rewrites of names that are answered here, and of such that are not',
    yaml: `
filter:
  rewrites:
    home.arpa: 192.168.1.5
    NAS.home.arpa: 192.168.1.5
    "*.home.arpa": 192.168.1.5
    "*.arpa": 192.168.1.5
    nas.lab.home.arpa: 192.168.1.5
    nas.kids.lab.home.arpa: 192.168.1.5
zones:
  home.arpa: {}
  kids.lab.home.arpa: {}
forward:
  lab.home.arpa: [192.168.1.1]
`,
    problems: [
      [3, 'home.arpa', 'home.arpa'],
      [4, 'NAS.home.arpa', 'home.arpa'],
      [5, '*.home.arpa', 'home.arpa'],
      [8, 'nas.kids.lab.home.arpa', 'kids.lab.home.arpa'],
    ].map(
      ([line, key, zone]) =>
        `home.yaml:${line}: filter.rewrites.${key}: "${key}" lies in ${zone} under \`zones\`, which comes first, so it would never be rewritten; write it as a record there`,
    ),
  },
  {
    name: 'mistakes in a section and, in its right entries, mistakes between them',
    yaml: `
listen: {dns: ["127.0.0.1:53x"]}
forward:
  com: [192.168.1.1]
  a.example: [nowhere, 9.9.9.9, 127.0.0.1]
  b.example: 192.168.1.1
  home.arpa: [nowhere]
leases:
  - {file: a.leases, format: iscc, domain: lan}
  - {file: b.leases, format: isc, domain: net}
filter:
  answer: nxdomian
  lists:
    - {name: ads}
    - {nmae: ads, file: x}
    - {name: ads, file: b}
    - {name: ads, file: c}
  rewrites: {a.example: b, nas.home.arpa: 192.168.1.5}
  groups:
    - {name: g, clients: [192.168.1.2], lists: [x]}
zones:
  home.arpa: {}
`,
    problems: [
      `home.yaml:1: listen.dns[0]: "127.0.0.1:53x" has the port "53x"; write a number of 1 to 65535`,
      `home.yaml:3: forward.com: "com" is a top-level domain of the world, or may become one, and its names are asked over TLS only; write the zone below it that is yours, or one of internal, lan, home, corp, intranet, private, localdomain, test, example, local`,
      `home.yaml:4: forward.a.example[0]: "nowhere" is a name, and no name can be looked up before the server runs; write an address, such as 127.0.0.1:53`,
      `home.yaml:4: forward.a.example[1]: 9.9.9.9:53 is not on a private network, and plain DNS is never sent into the world; write a resolver on your own network, or list this one under \`upstreams\` as tls:// or https://`,
      `home.yaml:5: forward.b.example: a list belongs here, not the text "192.168.1.1"; write ["192.168.1.1"]`,
      `home.yaml:6: forward.home.arpa[0]: "nowhere" is a name, and no name can be looked up before the server runs; write an address, such as 127.0.0.1:53`,
      `home.yaml:6: forward.home.arpa: home.arpa stands under \`zones\` too, which come first, so no server would ever be asked; delete one of them`,
      `home.yaml:8: leases[0].format: "iscc" is not one of dnsmasq, kea, isc; did you mean isc?`,
      `home.yaml:9: leases[1].domain: "net" is a top-level domain of the world, or may become one, and devices would choose names in it; write a zone of your own, such as home.arpa, or one of internal, lan, home, corp, intranet, private, localdomain, test, example, local`,
      `home.yaml:11: filter.answer: "nxdomian" is no answer for blocked names; did you mean nxdomain?`,
      `home.yaml:13: filter.lists[0]: the list "ads" has neither \`url\` nor \`file\`; write where it is`,
      `home.yaml:14: filter.lists[1].name: a list needs a \`name\`, such as ads`,
      `home.yaml:14: filter.lists[1]: unknown key \`nmae\`; did you mean \`name\`?`,
      `home.yaml:16: filter.lists[3].name: "ads" is taken already by filter.lists[2]; keep one of them`,
      `home.yaml:17: filter.rewrites.a.example: "b" is no address and no whole name; write an address, or a whole name such as nas.home.arpa`,
      `home.yaml:17: filter.rewrites.nas.home.arpa: "nas.home.arpa" lies in home.arpa under \`zones\`, which comes first, so it would never be rewritten; write it as a record there`,
    ],
  },
  {
    name: 'sections of which nothing has a right form',
    yaml: `
forward: [lab.example]
hosts: /etc/hosts
leases: {file: x}
filter: {lists: ads, rewrites: [], groups: 7}
`,
    problems: [
      `home.yaml:1: forward: keys with values belong here, not a list; see docs/configuration.md`,
      `home.yaml:2: hosts: a list belongs here, not the text "/etc/hosts"; write ["/etc/hosts"]`,
      `home.yaml:3: leases: a list belongs here, not a mapping of keys; begin each entry with "- "`,
      `home.yaml:4: filter.lists: a list belongs here, not the text "ads"; write ["ads"]`,
      `home.yaml:4: filter.rewrites: keys with values belong here, not a list; see docs/configuration.md`,
      `home.yaml:4: filter.groups: a list belongs here, not the number 7; begin each entry with "- "`,
    ],
  },
  {
    name: 'groups beside lists whose names can be read',
    yaml: `
filter:
  answer: 192.168.1.5
  lists: [{name: ads}]
  groups:
    - {name: g, clients: [nowhere]}
    - {name: h, clients: [192.168.1.2], lists: [adds]}
    - {name: i, clients: [192.168.1.2], lists: [ads]}
`,
    problems: [
      `home.yaml:2: filter.answer: "192.168.1.5" is an address, which is no answer here; write zero, or a name under \`zones\` that has it`,
      `home.yaml:3: filter.lists[0]: the list "ads" has neither \`url\` nor \`file\`; write where it is`,
      `home.yaml:5: filter.groups[0].clients[0]: "nowhere" is a name, not an address; write addresses such as 192.0.2.1 or 2001:db8::1`,
      `home.yaml:6: filter.groups[1].lists[0]: "adds" is no list; did you mean ads?`,
    ],
  },
  {
    name: 'names that rebinding protection cannot spare',
    yaml: `
rebinding:
  protect: on
  allow: ["*.lab.example", ".", "lab..example", 7]
`,
    problems: [
      `home.yaml:3: rebinding.allow[0]: names below count without a star; write lab.example`,
      `home.yaml:3: rebinding.allow[1]: "." is every name; write \`protect: off\` for that`,
      `home.yaml:3: rebinding.allow[2]: "lab..example" has an empty label; write a name such as plex.direct`,
      `home.yaml:3: rebinding.allow[3]: a text belongs here, not the number 7`,
    ],
  },
  {
    name: 'a switch that is neither on nor off',
    yaml: `
rebinding:
  protect: maybe
`,
    problems: [`home.yaml:2: rebinding.protect: the text "maybe" does not fit; write on or off`],
  },
  {
    name: 'the root as a zone',
    yaml: `zones: {".": {}}`,
    problems: [
      `home.yaml:1: zones..: the root would take over every name; write a zone of your own, such as home.arpa`,
    ],
  },
  {
    name: 'a zone with an empty label',
    yaml: `zones: {home..arpa: {}}`,
    problems: [
      `home.yaml:1: zones.home..arpa: "home..arpa" has an empty label; write a zone such as home.arpa`,
    ],
  },
  {
    name: 'a zone with a letter beyond ASCII',
    yaml: `zones: {häuschen.arpa: {}}`,
    problems: [
      `home.yaml:1: zones.häuschen.arpa: "häuschen.arpa" holds the non-ASCII character "ä"; write its IDNA form, "xn--huschen-5wa.arpa"`,
    ],
  },
  {
    name: 'a zone twice in two spellings',
    yaml: `
zones:
  home.arpa: {}
  HOME.arpa.: {}
`,
    problems: [`home.yaml:3: zones.HOME.arpa.: this is the zone "home.arpa" again; write its records there`],
  },
  {
    name: 'a record with an address that does not exist',
    yaml: `
zones:
  home.arpa:
    records:
      - nas A 192.168.1.20
      - tv A 10.0.0.300
`,
    problems: [
      `home.yaml:5: zones.home.arpa.records[1]: "tv A 10.0.0.300" is not a record: "10.0.0.300" is not an IPv4 address; write it like "tv 300 A 192.168.1.20"`,
    ],
  },
  {
    name: 'a record outside its zone',
    yaml: `
zones:
  home.arpa:
    records:
      - www.example. A 192.168.1.20
`,
    problems: [
      `home.yaml:4: zones.home.arpa.records[0]: "www.example. A 192.168.1.20" is not a record: its name www.example. lies outside the zone home.arpa.; write it under a zone that holds it`,
    ],
  },
  {
    name: 'a CNAME beside another record',
    yaml: `
zones:
  home.arpa:
    records:
      - web A 192.168.1.20
      - WEB CNAME nas
`,
    problems: [
      `home.yaml:5: zones.home.arpa.records[1]: web.home.arpa. has a CNAME and A too, and nothing may stand beside a CNAME; delete one of them`,
    ],
  },
  {
    name: 'a CNAME at the own name of a zone, and at that of one further in',
    yaml: `
zones:
  home.arpa:
    records:
      - "@ CNAME nas.example."
      - lab CNAME nas
      - "lab A 192.168.1.20"
  lab.home.arpa: {}
  x.example: {records: ["@ SOA ns admin 1 2 3 4 5", "@ CNAME y", "@ CNAME z"]}
`,
    problems: [
      ...[
        [4, 'zones.home.arpa.records[0]: home.arpa.'],
        [5, 'zones.home.arpa.records[1]: lab.home.arpa.'],
      ].map(
        ([line, place]) =>
          `home.yaml:${line}: ${place} is a zone, whose own name has an SOA in any case, and nothing may stand beside a CNAME; write addresses in its place, or delete the zone and write the name under \`filter.rewrites\``,
      ),
      'home.yaml:8: zones.x.example.records[2]: x.example. has a CNAME already, and may have one; delete the other',
      'home.yaml:8: zones.x.example.records[1]: x.example. is a zone, whose own name has an SOA in any case, and nothing may stand beside a CNAME; write addresses in its place, or delete the zone and write the name under `filter.rewrites`',
    ],
  },
  {
    name: 'two CNAMEs at one name',
    yaml: `
zones:
  home.arpa:
    records:
      - web CNAME nas
      - web CNAME tv
`,
    problems: [
      `home.yaml:5: zones.home.arpa.records[1]: web.home.arpa. has a CNAME already, and may have one; delete the other`,
    ],
  },
  {
    name: 'a record twice',
    yaml: `
zones:
  home.arpa:
    records:
      - nas A 192.168.1.20
      - nas 60 A 192.168.1.20
`,
    problems: [`home.yaml:5: zones.home.arpa.records[1]: this record stands here twice; delete one`],
  },
  {
    name: 'two SOAs, and one below the zone',
    yaml: `
zones:
  home.arpa:
    records:
      - "@ SOA ns admin 1 2 3 4 5"
      - "@ SOA ns admin 2 2 3 4 5"
      - "lab SOA ns admin 1 2 3 4 5"
`,
    problems: [
      `home.yaml:5: zones.home.arpa.records[1]: this is a second SOA; keep one, or none, and one is made up`,
      `home.yaml:6: zones.home.arpa.records[2]: an SOA stands at the name of its zone only; write @ as its name`,
    ],
  },
  {
    name: 'an address in place of a certificate name',
    yaml: `certificate: {names: [192.168.1.2]}`,
    problems: [`home.yaml:1: certificate.names[0]: "192.168.1.2" is an address; write a host name`],
  },
  {
    name: 'a wildcard as certificate name',
    yaml: `certificate: {names: ["*.home.arpa"]}`,
    problems: [
      `home.yaml:1: certificate.names[0]: "*.home.arpa" is a wildcard, which the local CA does not make; write each host name in full, or add \`acme\``,
    ],
  },
  {
    name: 'a certificate name that is no host name',
    yaml: `certificate: {names: [dns_1.home]}`,
    problems: [
      `home.yaml:1: certificate.names[0]: "dns_1.home" is not a host name; write letters, digits and hyphens between dots, such as dns.home.example`,
    ],
  },
  {
    name: 'half a certificate',
    yaml: `
certificate:
  files:
    certificate: fullchain.pem
`,
    problems: [
      `home.yaml:2: certificate.files.key: a certificate of your own needs both \`certificate\` and \`key\`; write the missing one`,
    ],
  },
  {
    name: 'a certificate of your own and ACME',
    yaml: `
certificate:
  files: {certificate: a.pem, key: b.pem}
  acme: {directory: "https://ca.example/"}
`,
    problems: [
      `home.yaml:3: certificate.acme: \`files\` and \`acme\` exclude each other; keep the one that you want`,
    ],
  },
  {
    name: 'ACME with nothing but a mail address',
    yaml: `
certificate:
  acme: {email: you@example.com}
`,
    problems: [
      `home.yaml:2: certificate.acme: a CA certifies names, and there are none; write them as \`names\` beside \`acme\``,
      `home.yaml:2: certificate.acme.agree_tos: a CA gives certificates to who agrees to its terms of service; read them, and write agree_tos: on`,
      `home.yaml:2: certificate.acme.directory: ACME needs the \`directory\` of a CA; write letsencrypt, or the URL of another`,
      `home.yaml:2: certificate.acme.challenge: how are the names proven? write http-01 (port 80 leads here), tls-alpn-01 (port 443 does) or dns-01 (a zone that can be written, and nothing leads here)`,
    ],
  },
  {
    name: 'a name in place of an answered address',
    yaml: `certificate: {addresses: [home]}`,
    problems: [
      `home.yaml:1: certificate.addresses[0]: "home" is a name, not an address; write addresses such as 192.0.2.1 or 2001:db8::1`,
    ],
  },
  {
    name: 'an unknown log level',
    yaml: `log: {level: warning}`,
    problems: [
      `home.yaml:1: log.level: "warning" is not one of debug, info, warn, error; did you mean warn?`,
    ],
  },
  {
    name: 'more workers than there can be',
    yaml: `workers: 9`,
    problems: ['home.yaml:1: workers: the number 9 does not fit; write auto, or a whole number of 0 to 8'],
  },
  {
    name: 'a word for workers that is none',
    yaml: `workers: all`,
    problems: ['home.yaml:1: workers: the text "all" does not fit; write auto, or a whole number of 0 to 8'],
  },
  {
    name: 'an unknown query log',
    yaml: `log: {queries: ful}`,
    problems: [`home.yaml:1: log.queries: "ful" is not one of off, anonymised, full; did you mean full?`],
  },
  {
    name: 'an unknown log format',
    yaml: `log: {format: jsno}`,
    problems: [`home.yaml:1: log.format: "jsno" is not one of text, json; did you mean json?`],
  },
  {
    name: 'a list in place of a path',
    yaml: `certs_dir: [a]`,
    problems: [`home.yaml:1: certs_dir: a text belongs here, not a list`],
  },
  {
    name: 'an empty path',
    yaml: `state_dir: ""`,
    problems: [`home.yaml:1: state_dir: "" is no path`],
  },
  {
    name: 'a time source without a url',
    yaml: `
time: {sources: [{}]}
`,
    problems: [`home.yaml:1: time.sources[0].url: a time source needs a \`url\`, such as ntp://192.168.1.13`],
  },
  {
    name: 'a time source as a bare address',
    yaml: `
time: {sources: [192.168.1.13]}
`,
    problems: [
      `home.yaml:1: time.sources[0]: a time source is an entry with keys; write "- url: ntp://192.168.1.13"`,
    ],
  },
  {
    name: 'a time source as a line of chrony.conf',
    yaml: `
time: {sources: [server 192.168.1.13 iburst key 1 prefer]}
`,
    problems: [
      `home.yaml:1: time.sources[0]: a time source is an entry with keys; write "- url: ntp://192.168.1.13"`,
    ],
  },
  {
    name: 'a time source as a bare url',
    yaml: `
time: {sources: ["ntp://[2001:db8::1]"]}
`,
    problems: [
      `home.yaml:1: time.sources[0]: a time source is an entry with keys; write "- url: ntp://[2001:db8::1]"`,
    ],
  },
  {
    name: 'a time source without a scheme',
    yaml: `
time: {sources: [{url: pool ntp.torix.ca}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].url: "pool ntp.torix.ca" does not say how to ask; write ntp://ntp.torix.ca`,
    ],
  },
  {
    name: 'a time source over HTTP',
    yaml: `
time: {sources: [{url: http://time.example/now}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].url: "http://time.example/now" would believe whoever stands on the way to it; write https://time.example/now, or ntp://time.example`,
    ],
  },
  {
    name: 'a time source of a later release',
    yaml: `
time: {sources: [{url: nts://time.example}, {url: roughtime://192.0.2.1}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].url: "nts://time.example": NTS is not built in this release; write ntp://time.example`,
      `home.yaml:1: time.sources[1].url: "roughtime://192.0.2.1": Roughtime is not built in this release; write ntp://192.0.2.1`,
    ],
  },
  {
    name: 'a time source with an unknown scheme',
    yaml: `
time: {sources: [{url: "sntp://192.0.2.1:123"}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].url: "sntp://192.0.2.1:123" has the unknown scheme sntp://; write ntp://192.0.2.1`,
    ],
  },
  {
    name: 'an NTP server with a path',
    yaml: `
time: {sources: [{url: ntp://192.0.2.1/}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].url: "ntp://192.0.2.1/" carries a path or a query, which NTP has not; write ntp://192.0.2.1`,
    ],
  },
  {
    name: 'an NTP server by IPv6 address without brackets',
    yaml: `
time: {sources: [{url: "ntp://2001:db8::1"}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].url: "ntp://2001:db8::1" has an IPv6 address without brackets; write ntp://[2001:db8::1]`,
    ],
  },
  {
    name: 'an NTP server with a port that does not exist',
    yaml: `
time: {sources: [{url: "ntp://192.0.2.1:0"}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].url: "ntp://192.0.2.1:0" has the port "0"; write a number of 1 to 65535`,
    ],
  },
  {
    name: 'an https source with a query',
    yaml: `
time: {sources: [{url: "https://time.example/?now"}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].url: "https://time.example/?…" carries a query or a fragment, which is not sent; write https://time.example/`,
    ],
  },
  {
    name: 'a name in place of the address of a time source',
    yaml: `
time: {sources: [{url: ntp://time.example, addresses: [time2.example]}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].addresses[0]: "time2.example" is a name, not an address; write addresses such as 192.0.2.1 or 2001:db8::1`,
    ],
  },
  {
    name: 'addresses beside an address',
    yaml: `
time: {sources: [{url: ntp://192.0.2.1, addresses: [192.0.2.2]}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].addresses: the url has an address already; write an entry for each server, or a name in the url`,
    ],
  },
  {
    name: 'a symmetric key for an https source',
    yaml: `
time: {sources: [{url: https://time.example, key: {id: 1, type: SHA1, file: k}}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].key: a symmetric key is for ntp:// only, and https:// is authenticated by its certificate; delete the key`,
    ],
  },
  {
    name: 'a CA and a pin for an NTP server',
    yaml: `
time: {sources: [{url: ntp://192.0.2.1, ca_file: ca.pem, pins: [sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].ca_file: NTP shows no certificate; delete \`ca_file\`, or write a \`key\``,
      `home.yaml:1: time.sources[0].pins: NTP shows no certificate; delete \`pins\`, or write a \`key\``,
    ],
  },
  {
    name: 'a key of a kind that is not spoken',
    yaml: `
time: {sources: [{url: ntp://192.0.2.1, key: {id: 1, type: SHA512, file: k}}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].key.type: "SHA512" is not one of MD5, SHA1, SHA256, AES128, AES256; did you mean SHA1?`,
    ],
  },
  {
    name: 'a key without its number',
    yaml: `
time: {sources: [{url: ntp://192.0.2.1, key: {type: MD5, file: k}}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].key.id: this key is missing; write it, or delete the keys around it`,
    ],
  },
  {
    name: 'a key with the number 0',
    yaml: `
time: {sources: [{url: ntp://192.0.2.1, key: {id: 0, type: MD5, file: k}}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].key.id: the number 0 does not fit; write a whole number of 1 to 4294967295`,
    ],
  },
  {
    name: 'an operator without a name',
    yaml: `
time: {sources: [{url: ntp://192.0.2.1, operator: " "}]}
`,
    problems: [
      `home.yaml:1: time.sources[0].operator: " " is no name for an operator; write 1 to 63 characters, such as torix`,
    ],
  },
  {
    name: 'time sources that are listed twice',
    yaml: `
time:
  sources:
    - url: ntp://192.0.2.1
    - url: ntp://192.0.2.1:123
    - url: ntp://time.example
      addresses: [192.0.2.7, 192.0.2.1]
    - url: https://time.example/a
    - url: https://TIME.example/b
`,
    problems: [
      `home.yaml:4: time.sources[1].url: "ntp://192.0.2.1:123" is listed already at time.sources[0]; keep one of them, it has one vote`,
      `home.yaml:5: time.sources[2].url: 192.0.2.1, an address of "ntp://time.example", is listed already at time.sources[0]; keep one of them, it has one vote`,
      `home.yaml:8: time.sources[4].url: "https://TIME.example/b" is listed already at time.sources[3]; keep one of them, it has one vote`,
    ],
  },
  {
    name: 'time sources that are this server itself',
    yaml: `
listen: {doh: [192.168.1.2], ntp: [0.0.0.0]}
time:
  sources:
    - url: https://dns.home.arpa
      addresses: [192.168.1.2]
    - url: ntp://127.0.0.1
`,
    problems: [
      `home.yaml:4: time.sources[0].url: 192.168.1.2:443 is where this server itself listens (listen.doh), so it would ask itself for the time; write another server`,
      `home.yaml:6: time.sources[1].url: 127.0.0.1:123 is where this server itself listens (listen.ntp), so it would ask itself for the time; write another server`,
    ],
  },
  {
    name: 'too many time sources',
    yaml: `
time: {sources: [{url: ntp://192.0.2.1}, {url: ntp://192.0.2.2}, {url: ntp://192.0.2.3}, {url: ntp://192.0.2.4}, {url: ntp://192.0.2.5}, {url: ntp://192.0.2.6}, {url: ntp://192.0.2.7}, {url: ntp://192.0.2.8}, {url: ntp://192.0.2.9}, {url: ntp://192.0.2.10}, {url: ntp://192.0.2.11}, {url: ntp://192.0.2.12}, {url: ntp://192.0.2.13}, {url: ntp://192.0.2.14}, {url: ntp://192.0.2.15}, {url: ntp://192.0.2.16}, {url: ntp://192.0.2.17}, {url: ntp://192.0.2.18}, {url: ntp://192.0.2.19}, {url: ntp://192.0.2.20}, {url: ntp://192.0.2.21}, {url: ntp://192.0.2.22}, {url: ntp://192.0.2.23}, {url: ntp://192.0.2.24}, {url: ntp://192.0.2.25}, {url: ntp://192.0.2.26}, {url: ntp://192.0.2.27}, {url: ntp://192.0.2.28}, {url: ntp://192.0.2.29}, {url: ntp://192.0.2.30}, {url: ntp://192.0.2.31}, {url: ntp://192.0.2.32}, {url: ntp://192.0.2.33}]}
`,
    problems: [`home.yaml:1: time.sources: the list has more than 32 entries; write fewer`],
  },
  {
    name: 'control characters, which stay visible',
    yaml: `log: "\\e[31mred"`,
    problems: [
      `home.yaml:1: log: keys with values belong here, not the text "\\u001b[31mred"; see docs/configuration.md`,
    ],
  },
  {
    name: 'many problems in one file, sorted by line',
    yaml: `
log: {level: inf}
zones:
  home.arpa:
    records:
      - tv A 10.0.0.300
listen:
  dns: [127.0.0.1, localhost]
upstreams:
  - url: tls://dns.quad9.net
  - url: 9.9.9.9
upstream: []
`,
    problems: [
      `home.yaml:1: log.level: "inf" is not one of debug, info, warn, error; did you mean info?`,
      `home.yaml:5: zones.home.arpa.records[0]: "tv A 10.0.0.300" is not a record: "10.0.0.300" is not an IPv4 address; write it like "tv 300 A 192.168.1.20"`,
      `home.yaml:7: listen.dns[1]: "localhost" is a name, and no name can be looked up before the server runs; write an address, such as 127.0.0.1:53`,
      `home.yaml:9: upstreams[0].url: "dns.quad9.net" is a name, and looking it up would need an upstream whose address is known; write its addresses beside it, such as addresses: ["192.0.2.1"]`,
      `home.yaml:10: upstreams[1].url: "9.9.9.9" does not say how to ask; write tls://9.9.9.9`,
      `home.yaml:11: unknown key \`upstream\`; did you mean \`upstreams\`?`,
    ],
  },
];

const FORTY = 40;

describe('a broken configuration is refused with', () => {
  test('a table of at least forty rows, no two alike', () => {
    expect(BROKEN.length).toBeGreaterThanOrEqual(FORTY);
    expect(new Set(BROKEN.map(({ yaml }) => yaml)).size).toBe(BROKEN.length);
  });

  test.for(BROKEN)('every problem of $name', ({ yaml, problems }) => {
    const error = problemsOf(yaml.replace(/^\n/, ''));
    expect(error.message.split('\n')).toEqual(problems);
    expect(error.problems).toHaveLength(problems.length);
  });
});

function problemsOf(yaml: string): ConfigProblems {
  try {
    parseConfig(yaml, { file: 'home.yaml' });
  } catch (error) {
    if (error instanceof ConfigProblems) return error;
    throw error;
  }
  throw new Error('the file was taken without a problem');
}
