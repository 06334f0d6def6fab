// What somebody is answered who speaks plain HTTP where this server speaks TLS: where to go, and nothing else. Never a form,
// since a password would cross the network in the open. Pure.

import { type AdminAnswer, textAnswer } from './admin-answer.ts';
import { type AdminRequest, judgeAdminRequest } from './admin-request.ts';

/** Host and Origin are judged as everywhere: nobody is led to a name that is not ours. */
export function plainSpeechAnswer(
  request: AdminRequest & { readonly method: string },
  allowedHosts: readonly string[],
): AdminAnswer {
  const refused = judgeAdminRequest(request, allowedHosts);
  if (refused !== null) return textAnswer(refused.status, refused.message);
  const { method, target, hosts } = request;
  const place = `https://${hosts[0]!.toLowerCase()}`;
  // Anything else was sent with what it carries already; it is not to be sent again.
  if (method !== 'GET' && method !== 'HEAD') return textAnswer(400, `this is ${place}/, and takes TLS alone`);
  const location = `${place}${target}`;
  return textAnswer(308, `this is ${location}`, { location });
}
