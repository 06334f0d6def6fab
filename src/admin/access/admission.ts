// Whether a visit to the admin listener is let in, and why. Pure; what proves it was looked at before. This host itself is let
// in without a word, since whoever can connect from there can mostly read our files as well; but only where both ends of the
// connection are its own, and nobody has brought the request from elsewhere.

import { isLoopback } from '../../config/own-sockets.ts';

export interface AdmissionFacts {
  /** Came over the control socket, whose file only the owner may open. */
  readonly isControl: boolean;
  /** Addresses of both ends; undefined or empty where there are none. */
  readonly client: string;
  readonly localAddress: string | undefined;
  /** A proxy has brought it (forwarded.ts). */
  readonly isForwarded: boolean;
  readonly loopback: 'open' | 'closed';
  /** It has the cookie of a session that lasts. */
  readonly isSignedIn: boolean;
  /** Whether its token is the right one; null: it has none. */
  readonly isTokenRight: boolean | null;
  /** Whether there is a password, and a token, that could be used. */
  readonly hasPassword: boolean;
  readonly hasToken: boolean;
}

export type Admission =
  | { readonly isAdmitted: true; readonly by: 'control' | 'loopback' | 'session' | 'token' }
  | {
      readonly isAdmitted: false;
      /** `locked`: nobody could be let in by any means; `no-password`: scripts with a token alone. */
      readonly why: 'locked' | 'no-password' | 'wrong-token' | 'not-signed-in';
    };

export function judgeAdmission(facts: AdmissionFacts): Admission {
  const by = admittedBy(facts);
  return by === null ? { isAdmitted: false, why: whyNot(facts) } : { isAdmitted: true, by };
}

function admittedBy(facts: AdmissionFacts): 'control' | 'loopback' | 'session' | 'token' | null {
  if (facts.isControl) return 'control';
  if (facts.isTokenRight === true) return 'token';
  if (facts.isSignedIn) return 'session';
  return facts.loopback === 'open' && isThisHost(facts) ? 'loopback' : null;
}

function isThisHost({ client, localAddress = '', isForwarded }: AdmissionFacts): boolean {
  const isOurs = (address: string) => address !== '' && isLoopback(address);
  return isOurs(client) && isOurs(localAddress) && !isForwarded;
}

function whyNot({ hasPassword, hasToken, isTokenRight }: AdmissionFacts) {
  if (isTokenRight === false && hasToken) return 'wrong-token';
  if (hasPassword) return 'not-signed-in';
  return hasToken ? 'no-password' : 'locked';
}
