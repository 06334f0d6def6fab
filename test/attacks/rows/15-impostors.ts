// Row 15: an upstream that cannot prove who it is (RFC 8310 strict): not one query is sent to it, there is no other way
// out, and it is used again when it can.

import { makeQuery, readReply } from '../../support/dns-message.ts';
import { eventually, pause } from '../../support/eventually.ts';
import { HOSTILE_ADDRESS } from '../../support/peers/hostile-upstream.ts';
import { WILD } from '../../support/peers/wrongs-vocabulary.ts';
import type { IssuedCertificate } from '../../support/pki.ts';
import { makePki, UPSTREAM_NAME } from '../../support/upstreams.ts';
import type { World } from '../target.ts';
import { ATTACKER, type Trial } from '../trial.ts';

const DAY_MS = 86_400_000;
/** A query that is sent late, after the refusal, would still be seen. */
const LATE_MS = 200;
const BACK_WITHIN_MS = 5_000;
const names = [UPSTREAM_NAME];
const daysFromNow = (days: number) => new Date(Date.now() + days * DAY_MS);

type Impostors = Readonly<Record<string, (pki: World['pki']) => IssuedCertificate>>;

const STRANGERS: Impostors = {
  'the wrong name': (pki) => pki.issue({ names: ['dns.other.example'] }),
  'a certificate of a foreign CA': () => makePki().issue({ names }),
  'a certificate that it signed itself': (pki) => pki.issue({ names, issuer: 'self' }),
};

/** Each on its own: they speak against the time as well, and Noonmark then asks nobody until it knows better. */
const EXPIRED: Impostors = {
  'an expired certificate': (pki) =>
    pki.issue({ names, notBefore: daysFromNow(-90), notAfter: daysFromNow(-1) }),
};
const NOT_YET: Impostors = {
  'a certificate that is not valid yet': (pki) =>
    pki.issue({ names, notBefore: daysFromNow(2), notAfter: daysFromNow(90) }),
};

let serial = 0;

function impostors(name: string, certificates: Impostors, comesBack: boolean): Trial {
  return {
    ...{ row: 15, name: `an upstream with ${name}`, over: ['UDP'], config: {}, hasNoWorld: true },
    attack: async ({ target, world, transport }) => {
      const complaints: string[] = [];
      const { upstream } = world;
      const client = await target.open(transport, ATTACKER);
      const ask = async () => {
        serial += 1;
        const reply = await client.ask(makeQuery(`impostor${serial}.${WILD}`));
        return reply === null ? null : readReply(reply);
      };
      for (const [what, certificateOf] of Object.entries(certificates)) {
        upstream.show(certificateOf(world.pki));
        upstream.dropConnections();
        const [octets, attempts] = [upstream.octetsInside, upstream.attempts];
        const reply = await ask();
        await pause(LATE_MS);
        if (reply?.rcode !== 'SERVFAIL') complaints.push(`${what}: ${reply?.rcode ?? 'no answer'}`);
        if (upstream.octetsInside !== octets) complaints.push(`${what}: was sent something`);
        if (upstream.attempts === attempts) complaints.push(`${what}: was not asked for its certificate`);
      }
      upstream.show(world.certificate);
      const isBack = async () => (await ask())?.answers[0] === `A ${HOSTILE_ADDRESS}`;
      if (comesBack)
        await eventually(isBack, { withinMs: BACK_WITHIN_MS }).catch(() =>
          complaints.push('it is not used again'),
        );
      client.close();
      return complaints;
    },
  };
}

export const IMPOSTORS: readonly Trial[] = [
  impostors('a certificate of somebody else', STRANGERS, true),
  impostors('an expired certificate', EXPIRED, false),
  { ...impostors('a certificate that is not valid yet', NOT_YET, false), isLong: true },
];
