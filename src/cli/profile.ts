// `noonmark profile apple` and `noonmark profile android`: what the set-up pages have for phones, without a browser. The
// running server is asked how it stands; where none runs, its files are.

import {
  appleProfile,
  ProfileImpossible,
  type ProfilePlace,
  type ProfileProtocol,
  possibleProtocols,
  readSsids,
} from '../devices/apple-profile.ts';
import { authorityOf } from '../devices/authority-steps.ts';
import type { DeviceFacts } from '../devices/facts.ts';
import { FACTS_API_PATH, factsFromJson } from '../devices/facts-json.ts';
import type { Holding } from '../devices/guide.ts';
import { encryptedHoldings } from '../devices/holdings.ts';
import { qrLines } from '../devices/qr.ts';
import { automaticMode, strictMode } from '../devices/setup-android.ts';
import { reasonOf } from '../files/read-file.ts';
import { replaceFile } from '../files/replacement.ts';
import { type Command, complain, EXIT, print, QUICKSTART, readArgs, UsageError } from './command.ts';
import { askServer, CONTROL_OPTIONS, NoServer, printLines } from './control.ts';
import { FilesSilent, factsFromFiles } from './files-facts.ts';
import { loadOrComplain, statePlaceOrComplain } from './read-config.ts';
import { wrapped } from './text-columns.ts';

const OPTIONS = {
  ...CONTROL_OPTIONS,
  protocol: { type: 'string' },
  ssid: { type: 'string', multiple: true },
  everywhere: { type: 'boolean' },
  write: { type: 'string' },
} as const;

/** It holds nothing secret. */
const PROFILE_MODE = 0o644;

export const profile: Command = {
  help: `Usage: noonmark profile apple [--protocol tls|https] [--ssid NAME]... [--everywhere] [--write FILE]
                              [--config FILE] [--json]
       noonmark profile android [--config FILE] [--json]

\`apple\` prints a configuration profile for iPhone, iPad and Mac: encrypted DNS by this server, with its local CA inside
where no public one has signed its certificate. The CA must be trusted besides, by hand: Settings, General, About,
Certificate Trust Settings. What holds now, and the CA's fingerprint, go to stderr.

\`android\` says what Private DNS would do now, and shows the host name, also as a QR code, where it would work.

  --protocol P    tls (port 853 alone) or https (default: tls where it is on 853)
  --ssid NAME     a Wi-Fi network of the house, on which the profile holds; may be given several times. Without one it
                  goes by the DNS servers of the network: less sure, above all where the router hands out itself too
  --everywhere    it holds outside the house too; needs a public address
  --write FILE    write the profile there; name it .mobileconfig
  --config FILE   the configuration of the server that is meant (default: the quick start's)
  --json          what holds, as one JSON object

The running server is asked; where none runs, its configuration and its files are.

Exit codes: 0, 1 when there is no such profile or FILE cannot be written, 64 for a wrong command line, 69 when only a
running server would know, 78 for a bad configuration where none runs.`,

  async run(args) {
    const { values, positionals } = readArgs(args, OPTIONS, 1);
    const [device] = positionals;
    const { protocol, ssid = [], everywhere = false, write, json: isJson = false } = values;
    if (device !== 'apple' && device !== 'android')
      throw new UsageError('there is `profile apple` and `profile android`');
    if (
      device === 'android' &&
      (protocol !== undefined || ssid.length > 0 || everywhere || write !== undefined)
    )
      throw new UsageError('--protocol, --ssid, --everywhere and --write belong to `profile apple`');
    const where: ProfilePlace = everywhere ? 'everywhere' : 'home';
    const wish = { protocol: protocolOf(protocol), where, ssids: ssidsOf(ssid), file: write ?? null };
    const facts = await factsOrComplain(values.config);
    if (typeof facts === 'number') return facts;
    return device === 'android' ? tellAndroid(facts, isJson) : tellApple(facts, wish, isJson);
  },
};

/** @throws UsageError */
function protocolOf(text: string | undefined): ProfileProtocol | null {
  if (text === undefined || text === 'tls' || text === 'https') return text ?? null;
  throw new UsageError('--protocol is tls or https');
}

/** @throws UsageError */
function ssidsOf(given: readonly string[]): readonly string[] {
  try {
    return readSsids(given);
  } catch (error) {
    if (error instanceof ProfileImpossible) throw new UsageError(error.message);
    throw error;
  }
}

/** Of the running server, else of its files; or the exit code, after it was said why. */
async function factsOrComplain(file: string | undefined): Promise<DeviceFacts | number> {
  const place = statePlaceOrComplain(file);
  if (place === null) return EXIT.CONFIG;
  try {
    return factsFromJson(await askServer(place.stateDir, 'GET', FACTS_API_PATH));
  } catch (error) {
    if (!(error instanceof NoServer)) throw error;
    if (!error.isAbsent) {
      complain(error.message);
      return EXIT.UNAVAILABLE;
    }
  }
  const loaded = loadOrComplain(file);
  if (loaded === null) return EXIT.CONFIG;
  const read = file ?? QUICKSTART;
  const other = file === undefined ? ['Write --config FILE for the server that you mean.'] : [];
  try {
    const facts = await factsFromFiles(loaded.config);
    complain(`No server runs with ${read}: this is what that file, and its certificate, say.`);
    other.forEach(complain);
    return facts;
  } catch (error) {
    if (!(error instanceof FilesSilent)) throw error;
    [`${read}: ${error.message}`, ...other].forEach(complain);
    return EXIT.UNAVAILABLE;
  }
}

interface AppleWish {
  /** Null: the likelier one. */
  readonly protocol: ProfileProtocol | null;
  readonly where: ProfilePlace;
  readonly ssids: readonly string[];
  readonly file: string | null;
}

async function tellApple(facts: DeviceFacts, wish: AppleWish, isJson: boolean): Promise<number> {
  const protocol = wish.protocol ?? possibleProtocols(facts)[0] ?? 'tls';
  try {
    const made = appleProfile(facts, { ...wish, protocol });
    if (wish.file !== null) await replaceFile(wish.file, [made.text], PROFILE_MODE);
    const authority = authorityOf(facts);
    const holds = encryptedHoldings(facts);
    if (isJson) {
      const { text, ...rest } = made;
      const ca = authority === null ? null : { name: authority.name, fingerprint: authority.fingerprint };
      const shown = {
        protocol,
        ...rest,
        authority: ca,
        holds,
        file: wish.file,
        ...(wish.file === null ? { profile: text } : {}),
      };
      print(JSON.stringify(shown, null, 2));
      return EXIT.OK;
    }
    if (wish.file === null) process.stdout.write(made.text);
    else
      printLines([
        `${wish.file}: ${protocol === 'tls' ? 'DNS over TLS' : 'DNS over HTTPS'} by ${made.host}.`,
      ]);
    complainLines([
      ...holds.map(({ text }) => text),
      ...(authority === null ? [] : [`Its CA is "${authority.name}", SHA-256 ${authority.fingerprint}.`]),
    ]);
    return EXIT.OK;
  } catch (error) {
    const isOurs = error instanceof ProfileImpossible;
    if (!isOurs && (error as NodeJS.ErrnoException).code === undefined) throw error;
    complain(isOurs ? `no profile: ${error.message}` : `${wish.file} cannot be written: ${reasonOf(error)}`);
    return EXIT.FAILED;
  }
}

function tellAndroid(facts: DeviceFacts, isJson: boolean): number {
  const [automatic, strict] = [automaticMode(facts), strictMode(facts)];
  const hostName = strict.isPossible ? facts.name : null;
  if (isJson) {
    const mode = ({ isPossible, holding }: { isPossible: boolean; holding: Holding }) => ({
      isPossible,
      text: holding.text,
    });
    print(JSON.stringify({ hostName, automatic: mode(automatic), strict: mode(strict) }, null, 2));
    return EXIT.OK;
  }
  printLines([...wrapped(automatic.holding.text), '', ...wrapped(strict.holding.text)]);
  if (hostName === null) return EXIT.OK;
  print('');
  print(qrLines(hostName, process.stdout.isTTY).join('\n'));
  printLines(['', `Private DNS provider hostname: ${hostName}`]);
  return EXIT.OK;
}

function complainLines(sentences: readonly string[]): void {
  complain(sentences.flatMap((sentence) => wrapped(sentence)).join('\n'));
}
