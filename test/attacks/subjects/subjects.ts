// Everyone who is attacked in the comparison, Noonmark first.

import { NOONMARK, type Subject } from '../target.ts';
import { DNSDIST } from './dnsdist.ts';
import { KRESD } from './kresd.ts';
import type { Peer } from './peer.ts';
import { UNBOUND } from './unbound.ts';

export const PEERS: readonly Peer[] = [UNBOUND, DNSDIST, KRESD];
export const SUBJECTS: readonly Subject[] = [NOONMARK, ...PEERS];
