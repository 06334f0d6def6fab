// The facts for devices as /api/devices has them, and read back by the command that makes profiles. The CA's octets stand
// there once, as PEM.

import { authorityFrom } from './authority.ts';
import { type DeviceFacts, dohTemplate } from './facts.ts';

export const FACTS_API_PATH = '/api/devices';

/** Without what is the same in another form. */
export function factsJson(facts: DeviceFacts) {
  const { certificate, ...rest } = facts;
  return {
    ...rest,
    template: dohTemplate(facts),
    certificate: certificate === null ? null : withoutDer(certificate),
  };
}

function withoutDer({ authority, ...certificate }: NonNullable<DeviceFacts['certificate']>) {
  if (authority === null) return { ...certificate, authority };
  const { der: _, ...shown } = authority;
  return { ...certificate, authority: shown };
}

/** Of our own server's making, so its shape is not doubted. */
export function factsFromJson(text: string): DeviceFacts {
  const { template: _, ...facts } = JSON.parse(text) as ReturnType<typeof factsJson>;
  if (facts.certificate === null) return { ...facts, certificate: null };
  const { authority } = facts.certificate;
  return {
    ...facts,
    certificate: {
      ...facts.certificate,
      authority: authority === null ? null : authorityFrom(authority.pem),
    },
  };
}
