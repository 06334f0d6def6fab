// What the set-up pages of devices stand on, gathered from the parts of the running server: where its doors are, what its
// certificate is worth to a device, and whether a test's look-up has come.

import type { DevicesSubject } from '../admin/devices-routes.ts';
import type { Clock } from '../clock/clock.ts';
import type { Config, SocketAddress } from '../config/config.ts';
import { isLoopback } from '../config/own-sockets.ts';
import { type DeviceFacts, deviceFacts, type ServedFacts } from '../devices/facts.ts';
import type { DeviceProbe } from '../resolver/local/device-probe.ts';
import { dateWarning, type ServedCertificate } from '../tls/certificate-store.ts';
import { PublicTrust } from '../tls/public-trust.ts';
import { hostAddresses, neighboursOf } from './this-host.ts';

export interface DeviceSetupParts {
  readonly config: () => Config;
  /** Where queries are taken at this moment. */
  readonly boundOf: (transport: 'udp' | 'tcp' | 'dot' | 'doh') => readonly SocketAddress[];
  /** Where pages are shown. */
  readonly admin: () => readonly SocketAddress[];
  /** The one for everybody first. */
  readonly certificates: () => readonly ServedCertificate[];
  readonly clock: Clock;
  readonly probe: DeviceProbe;
}

export function deviceSetup(parts: DeviceSetupParts): DevicesSubject {
  const trust = new PublicTrust();
  return {
    deviceProbe: parts.probe,
    deviceFacts: (localAddress) => gather(parts, trust, localAddress),
    isThisHost: (address) => isLoopback(address) || hostAddresses().includes(address),
  };
}

function gather(parts: DeviceSetupParts, trust: PublicTrust, localAddress: string | undefined): DeviceFacts {
  const { boundOf, clock } = parts;
  const { certificate, listen } = parts.config();
  const [served] = parts.certificates();
  const isNear = localAddress !== undefined && !isLoopback(localAddress);
  const plain = boundOf('udp');
  return deviceFacts({
    configuredNames: certificate.names,
    configuredAddresses: certificate.addresses,
    bound: {
      dns: plain.length > 0 ? plain : boundOf('tcp'),
      ...{ dot: boundOf('dot'), doh: boundOf('doh'), admin: parts.admin() },
    },
    hostAddresses: hostAddresses(),
    nearAddresses: isNear ? [localAddress, ...neighboursOf(localAddress, listen)] : [],
    served: served === undefined ? null : servedFacts(served, certificate, trust, clock),
    clockState: clock.status.state,
  });
}

function servedFacts(
  { chainPem, names, issuer, source, notBeforeMs, notAfterMs }: ServedCertificate,
  { files, acme }: Config['certificate'],
  trust: PublicTrust,
  clock: Clock,
): ServedFacts {
  const nowMs = clock.now().epochMs;
  return {
    ...{ chainPem, names, issuer, source },
    isPublic: source === 'local-ca' ? false : trust.of(chainPem),
    isStandIn: source === 'local-ca' && (files !== null || acme !== null),
    dateProblem: dateWarning({ notBeforeMs, notAfterMs }, clock.status, nowMs),
  };
}
