// What the doors of this server are called to people, by their keys in the configuration and in the Status. What a key means
// there is docs/configuration.md.

export const TRANSPORT_NAMES: Readonly<Record<string, string>> = {
  udp: 'plain DNS, UDP',
  tcp: 'plain DNS, TCP',
  dot: 'DNS over TLS',
  doh: 'DNS over HTTPS',
  admin: 'this page',
};
