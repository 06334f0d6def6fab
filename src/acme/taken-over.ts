// A certificate that another client has got, used until one of our own is due. Where they keep theirs: certbot in
// live/LINEAGE/fullchain.pem and privkey.pem, lego in certificates/NAME.crt and NAME.key, Caddy in
// certificates/CA/NAME/NAME.crt and NAME.key. File names may be anything (certbot's "NAME-0001", lego's "_.NAME"), so it
// is the certificates that are looked at. Nothing is written there, and no date judged.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readKeyPem, readPem } from '../tls/certificate-files.ts';
import { canonicalAddress, fitPair, type ServedCertificate } from '../tls/certificate-store.ts';
import type { StoredPair } from './storage.ts';

/** Of one directory, and of all pairs: a household has a few, a hoster should name a smaller directory. */
const ENTRIES_MAX = 1000;
/** Paths that are looked into for more. */
const LISTED_MAX = 5000;
/** Reasons that are told when nothing is found. */
const REASONS_MAX = 3;

export type TakenOver =
  /** `file` holds the chain. */
  | { readonly pair: StoredPair; readonly file: string }
  /** One sentence for the owner. */
  | { readonly problem: string };

/** The pair in `directory` that carries all of `names` and ends last. Never rejects. */
export async function findTakenOver(directory: string, names: readonly string[]): Promise<TakenOver> {
  const wanted = names.map((name) => canonicalAddress(name.toLowerCase()));
  const search = await pairsBelow(directory);
  const found: { certificate: ServedCertificate; file: string }[] = [];
  const reasons = [...search.obstacles];
  for (const paths of search.pairs) {
    const verdict = await readPairAt(paths);
    if ('problem' in verdict) {
      reasons.push(verdict.problem);
      continue;
    }
    const missing = wanted.filter((name) => !verdict.certificate.names.includes(name));
    if (missing.length === 0) found.push({ certificate: verdict.certificate, file: paths.certificate });
    else reasons.push(`${paths.certificate} lacks ${missing.join(', ')}`);
  }
  const [best] = found.sort((a, b) => b.certificate.notAfterMs - a.certificate.notAfterMs);
  if (best === undefined) return { problem: problemOf(directory, names, reasons) };
  const { chainPem, keyPem } = best.certificate;
  return { pair: { chainPem, keyPem }, file: best.file };
}

function problemOf(directory: string, names: readonly string[], reasons: readonly string[]): string {
  if (reasons.length === 0) {
    return `${directory} holds no certificate where certbot (live/), lego or Caddy (certificates/) keep theirs; name the directory of one of them`;
  }
  const more = reasons.length > REASONS_MAX ? `; and ${reasons.length - REASONS_MAX} more` : '';
  const told = reasons.slice(0, REASONS_MAX).join('; ');
  return `${directory} holds no certificate that can be used for all of ${names.join(', ')}: ${told}${more}`;
}

interface PairPaths {
  readonly certificate: string;
  readonly key: string;
  /** What issued it, where that is not in the same file. */
  readonly issuer: string | null;
}

type PairRead = { readonly certificate: ServedCertificate } | { readonly problem: string };

async function readPairAt({ certificate, key, issuer }: PairPaths): Promise<PairRead> {
  try {
    const own = await readPem(certificate);
    const isAlone = own.split('-----BEGIN CERTIFICATE-----').length === 2;
    const chain = isAlone && issuer !== null ? `${own}\n${await readPem(issuer)}` : own;
    const verdict = fitPair(chain, await readKeyPem(key), 'acme');
    if ('certificate' in verdict) return verdict;
    return { problem: `${verdict.half === 'key' ? key : certificate}: ${verdict.problem}` };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

interface Search {
  readonly pairs: readonly PairPaths[];
  /** Directories that cannot be looked into, each with the reason. */
  readonly obstacles: readonly string[];
}

/** Pairs in the places of each client, whether `directory` is the client's own or the one in it that holds them. */
async function pairsBelow(directory: string): Promise<Search> {
  const shelf = new Shelf();
  const top = await shelf.list(directory);
  if (shelf.obstacles.length > 0) return { pairs: [], obstacles: shelf.obstacles };
  const pairs: PairPaths[] = [];
  const live = join(directory, 'live');
  const certificates = join(directory, 'certificates');
  for (const base of top.includes('live') ? [live, directory] : [directory])
    pairs.push(...(await certbotPairs(shelf, base)));
  for (const base of top.includes('certificates') ? [certificates, directory] : [directory])
    pairs.push(...(await legoPairs(shelf, base)), ...(await caddyPairs(shelf, base)));
  return { pairs: pairs.slice(0, ENTRIES_MAX), obstacles: shelf.obstacles };
}

async function certbotPairs(shelf: Shelf, base: string): Promise<PairPaths[]> {
  const pairs: PairPaths[] = [];
  for (const lineage of await shelf.list(base)) {
    const files = await shelf.list(join(base, lineage));
    if (!files.includes('fullchain.pem')) continue;
    const [certificate, key] = ['fullchain.pem', 'privkey.pem'].map((file) => join(base, lineage, file));
    pairs.push({ certificate: certificate!, key: key!, issuer: null });
  }
  return pairs;
}

async function legoPairs(shelf: Shelf, base: string): Promise<PairPaths[]> {
  return crtPairs(base, await shelf.list(base));
}

async function caddyPairs(shelf: Shelf, base: string): Promise<PairPaths[]> {
  const pairs: PairPaths[] = [];
  for (const ca of await shelf.list(base)) {
    for (const name of await shelf.list(join(base, ca))) {
      const inner = join(base, ca, name);
      pairs.push(...crtPairs(inner, await shelf.list(inner)));
    }
  }
  return pairs;
}

const CRT = '.crt';
/** lego, told not to bundle, puts what issued a certificate here. */
const ISSUER = '.issuer.crt';

/** STEM.crt with STEM.key beside it. */
function crtPairs(base: string, files: readonly string[]): PairPaths[] {
  return files
    .filter((file) => file.endsWith(CRT) && !file.endsWith(ISSUER))
    .map((file) => file.slice(0, -CRT.length))
    .filter((stem) => files.includes(`${stem}.key`))
    .map((stem) => ({
      certificate: join(base, `${stem}${CRT}`),
      key: join(base, `${stem}.key`),
      issuer: files.includes(`${stem}${ISSUER}`) ? join(base, `${stem}${ISSUER}`) : null,
    }));
}

/** Directories as far as they may be listed; what is none has nothing in it. */
class Shelf {
  readonly obstacles: string[] = [];
  readonly #listed = new Map<string, readonly string[]>();

  async list(path: string): Promise<readonly string[]> {
    const before = this.#listed.get(path);
    if (before !== undefined) return before;
    if (this.#listed.size >= LISTED_MAX) return [];
    const names = await this.#read(path);
    this.#listed.set(path, names);
    if (this.#listed.size === LISTED_MAX)
      this.obstacles.push(`more than ${LISTED_MAX} files and directories in it; name a smaller one`);
    return names;
  }

  async #read(path: string): Promise<readonly string[]> {
    try {
      return (await readdir(path)).slice(0, ENTRIES_MAX);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (this.#listed.size > 0 && (code === 'ENOTDIR' || code === 'ENOENT')) return [];
      const reason = code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such directory' : code;
      this.obstacles.push(`${path}: ${reason}; let this user list it, or name another`);
      return [];
    }
  }
}
