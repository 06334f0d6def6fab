// `noonmark certificate status` and `renew`: how certificates stand in the running server, and a new one now, or a
// rehearsal of that with the CA's staging directory. The server does all of it; an order may take minutes, and is
// waited for.

import { certificateName, RENEWAL_WITHIN_MS, type RenewalOutcome } from '../admin/renewals.ts';
import { NameSyntaxError } from '../dns/names.ts';
import type { IssuanceStatus, Status } from '../status/status.ts';
import { certificateLines, renewalLines } from './certificate-lines.ts';
import { type Command, complain, EXIT, print, readArgs, UsageError } from './command.ts';
import { askServer, askServerOf, askStatus, CONTROL_OPTIONS, printLines } from './control.ts';

const OPTIONS = { ...CONTROL_OPTIONS, now: { type: 'boolean' }, 'dry-run': { type: 'boolean' } } as const;

/** The server has the last word on how long it takes; its answer comes a moment later. */
const SILENCE_MS = RENEWAL_WITHIN_MS + 30_000;

export const certificate: Command = {
  help: `Usage: noonmark certificate status [--config FILE] [--json]
       noonmark certificate renew [NAME] [--now | --dry-run] [--config FILE] [--json]

\`status\` asks the running server for each certificate that it serves or wants of a CA: its life by our own time, which
the system clock does not change, who issued it, when the next one is due and why, what it waits for, what went wrong.

\`renew\` says when a new one is due; renewal needs nobody. NAME is a name of the certificate that is meant: with --now
and --dry-run the first one of a CA unless given.

  --now           order a new one now and wait for it, 15 minutes at most. Failed tries do not count against it, the
                  CA's limits do (docs/certificates.md); what is served stays until the new one is there
  --dry-run       everything but the certificate: the same proof, with the CA's staging directory, and nothing is kept
  --config FILE   the configuration of the server that is asked (default: the quick start's)
  --json          \`status\`: {certificates, issuances} (docs/api.md); \`renew\`: {issuances}, or what came of it

Exit codes: 0 with an answer, for --now when a new one is served, for --dry-run when it went well, 1 when not or when
no certificate is wanted of a CA, 64 for a wrong command line, 69 when no server runs, 78 for a bad configuration
where none runs.`,

  async run(args) {
    const { values, positionals } = readArgs(args, OPTIONS, 2);
    const [action, name] = positionals;
    const { now = false, 'dry-run': isDryRun = false } = values;
    if (action === 'status') {
      if (name !== undefined) throw new UsageError('`certificate status` takes no name, and shows all');
      if (now || isDryRun) throw new UsageError('--now and --dry-run belong to `certificate renew`');
      return askServerOf(values.config, (stateDir) => tellStatus(stateDir, values.json));
    }
    if (action !== 'renew')
      throw new UsageError('what can be done with certificates is `status` and `renew`');
    if (now && isDryRun) throw new UsageError('--now and --dry-run exclude each other');
    const wish = { name: name === undefined ? null : readName(name), isDryRun };
    return askServerOf(values.config, (stateDir) =>
      now || isDryRun ? renew(stateDir, wish, values.json) : tellRenewal(stateDir, wish.name, values.json),
    );
  },
};

async function tellStatus(stateDir: string, isJson = false): Promise<number> {
  const found = await askStatus(stateDir);
  const { certificates, issuances } = found;
  if (isJson) print(JSON.stringify({ certificates, issuances }, null, 2));
  else printLines(certificateLines(found));
  return EXIT.OK;
}

async function tellRenewal(stateDir: string, name: string | null, isJson = false): Promise<number> {
  const found = await askStatus(stateDir);
  const issuances = found.issuances.filter(({ names }) => name === null || names.includes(name));
  if (isJson) print(JSON.stringify({ issuances }, null, 2));
  else printLines(issuances.length === 0 ? [noneOf(found, name)] : renewalLines(issuances, found));
  return issuances.length === 0 ? EXIT.FAILED : EXIT.OK;
}

function noneOf({ issuances }: Pick<Status, 'issuances'>, name: string | null): string {
  const all = issuances.map(({ names }: IssuanceStatus) => names[0]).join(', ');
  const others = all === '' ? 'there is no `acme` in its configuration' : `those that are begin with ${all}`;
  return `No certificate${name === null ? '' : ` with the name ${name}`} is ordered from a CA: ${others}.`;
}

async function renew(
  stateDir: string,
  { name, isDryRun }: { readonly name: string | null; readonly isDryRun: boolean },
  isJson = false,
): Promise<number> {
  const params = new URLSearchParams({
    ...(name === null ? {} : { name }),
    ...(isDryRun ? { 'dry-run': '' } : {}),
  });
  if (process.stderr.isTTY) complain('The server asks the CA; that may take some minutes.');
  const answer = await askServer(stateDir, 'POST', `/control/renew-certificate?${params}`, SILENCE_MS);
  const { ok, sentence } = JSON.parse(answer) as RenewalOutcome;
  if (isJson) print(JSON.stringify({ name, dryRun: isDryRun, ok, sentence }, null, 2));
  else printLines([sentence]);
  return ok ? EXIT.OK : EXIT.FAILED;
}

/** @throws UsageError */
function readName(text: string): string {
  try {
    return certificateName(text);
  } catch (error) {
    if (error instanceof NameSyntaxError) throw new UsageError(error.message);
    throw error;
  }
}
