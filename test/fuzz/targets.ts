// All fuzz targets, in the order in which they take their turns: messages, then texts and files, then what others say
// in HTTP. Each is exported under its name, in camel case, by the file of its name.

import type { AnyTarget } from './target.ts';
import { acmeForms } from './targets/acme-forms.ts';
import { clientHello } from './targets/client-hello.ts';
import { clientQuery } from './targets/client-query.ts';
import { config } from './targets/config.ts';
import { configValues } from './targets/config-values.ts';
import { cookie } from './targets/cookie.ts';
import { dates } from './targets/dates.ts';
import { edns } from './targets/edns.ts';
import { framing } from './targets/framing.ts';
import { hostsFile } from './targets/hosts-file.ts';
import { httpRequests } from './targets/http-requests.ts';
import { keyFiles } from './targets/key-files.ts';
import { leaseFiles } from './targets/lease-files.ts';
import { lists } from './targets/lists.ts';
import { masterFile } from './targets/master-file.ts';
import { message } from './targets/message.ts';
import { names } from './targets/names.ts';
import { ntp } from './targets/ntp.ts';
import { recordText } from './targets/record-text.ts';
import { stateFiles } from './targets/state-files.ts';
import { tsig } from './targets/tsig.ts';
import { upstreamReply } from './targets/upstream-reply.ts';

export const TARGETS: readonly AnyTarget[] = [
  ...[message, clientQuery, upstreamReply, edns, cookie, framing, names, tsig],
  ...[recordText, masterFile, hostsFile, leaseFiles, lists, config, configValues, keyFiles, stateFiles],
  ...[ntp, clientHello, httpRequests, dates, acmeForms],
];
