// Which parts of the lab this machine has; without them stories are skipped, and the run says what to install.

import { havePeers } from '../support/peers/packages.ts';

/** What every story needs. */
export const canPlay = havePeers('chronyd', 'unbound', 'libfaketime', 'tcpdump');
