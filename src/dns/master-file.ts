// A master file (RFC 1035 section 5) as records: $ORIGIN, $TTL (RFC 2308 section 4), $INCLUDE, owners and TTLs taken from
// the entry before, every type in its own or in the generic form (RFC 3597). $GENERATE is BIND's own, and refused.
// Pure: the caller reads the files. All problems are found, up to a bound; rules between records (CNAME beside others,
// twice) are the caller's as well.

import { TYPE } from './codes.ts';
import { type BadEntry, type Entry, entriesOf } from './master-file-entries.ts';
import { lowerName, type NameKey, NameSyntaxError, parseName } from './names.ts';
import { parseSeconds } from './rdata-fields.ts';
import { DEFAULT_TTL_SECONDS, MAX_TTL_SECONDS, RecordSyntaxError, recordOf } from './record-text.ts';
import type { ResourceRecord } from './records.ts';
import { TextSyntaxError, type Token } from './tokens.ts';

/** A file that a file names: its text, or why it is not to be had. `file` names it in messages and to `include`. */
export type IncludedFile = { readonly file: string; readonly text: string } | { readonly problem: string };

export interface MasterFileParts {
  readonly file: string;
  readonly text: string;
  readonly zone: NameKey;
  /** Finds what stands behind $INCLUDE in the file `from`. */
  readonly include: (written: string, from: string) => IncludedFile;
  readonly recordsMax: number;
}

/** One record and where it was written. */
export interface PlacedRecord {
  readonly record: ResourceRecord;
  readonly file: string;
  readonly line: number;
}

export interface MasterFileProblem {
  readonly file: string;
  readonly line: number;
  /** One sentence without a full stop. */
  readonly message: string;
}

export interface MasterFile {
  readonly records: readonly PlacedRecord[];
  readonly problems: readonly MasterFileProblem[];
}

/** Included files inside each other; a file that includes itself under ever other names, by links, ends here. */
const DEPTH_MAX = 8;
/** So many mistakes are told; a file with more has one cause for most of them. */
const PROBLEMS_MAX = 100;

export function readMasterFile(parts: MasterFileParts): MasterFile {
  const reading = new Reading(parts);
  const { file, text, zone: origin } = parts;
  reading.read({ file, text, origin, chain: [file], lastOwner: undefined });
  return reading;
}

/** A file that is being read. */
interface OpenFile {
  readonly file: string;
  readonly text: string;
  /** The files that include it, outermost first, and itself. */
  readonly chain: readonly string[];
  origin: NameKey;
  /** In wire form; undefined before the first record. An included file begins with that of the one around it. */
  lastOwner: string | undefined;
}

/** Thrown to end it all: there is no use in reading on. */
class Enough extends Error {}

class Reading implements MasterFile {
  readonly records: PlacedRecord[] = [];
  readonly problems: MasterFileProblem[] = [];
  readonly #parts: MasterFileParts;
  /** $TTL, or the minimum of an SOA that stands before any TTL (as BIND takes it). */
  #defaultTtlSeconds: number | undefined;
  /** RFC 1035 section 5.1: "default to the last explicitly stated values". */
  #lastTtlSeconds: number | undefined;

  constructor(parts: MasterFileParts) {
    this.#parts = parts;
  }

  read(open: OpenFile): void {
    try {
      for (const entry of entriesOf(open.text)) this.#heed(entry, open);
    } catch (error) {
      if (open.chain.length > 1 || !(error instanceof Enough)) throw error;
    }
  }

  #heed(entry: Entry | BadEntry, open: OpenFile): void {
    try {
      if ('problem' in entry) throw new TextSyntaxError(entry.problem);
      const first = entry.tokens[0]!;
      const isDirective = !entry.isIndented && !first.quoted && first.text.startsWith('$');
      if (isDirective) this.#obey(first.text.toUpperCase(), entry.tokens.slice(1), open, entry.line);
      else this.#addRecord(entry, open);
    } catch (error) {
      const isMistake = [TextSyntaxError, NameSyntaxError, RecordSyntaxError].some(
        (kind) => error instanceof kind,
      );
      if (!isMistake) throw error;
      this.#report(open, entry.line, (error as Error).message);
    }
  }

  #report({ file }: OpenFile, line: number, message: string): void {
    this.problems.push({ file, line, message });
    if (this.problems.length < PROBLEMS_MAX) return;
    this.problems.push({ file, line, message: 'reading ends here, after so many problems' });
    throw new Enough();
  }

  #addRecord({ tokens, line, isIndented }: Entry, open: OpenFile): void {
    const { recordsMax, zone } = this.#parts;
    if (this.records.length >= recordsMax) {
      this.#report(open, line, `this is record ${recordsMax + 1}, and no more than ${recordsMax} are taken`);
      throw new Enough();
    }
    const owner = isIndented ? open.lastOwner : undefined;
    if (isIndented && owner === undefined) {
      throw new TextSyntaxError(
        'a record that begins with a blank has the name of the one before it, and there is none; write its name',
      );
    }
    const text = tokens.map((token) => (token.quoted ? `"${token.text}"` : token.text)).join(' ');
    const context = { text, origin: open.origin, zone, owner, quoteExample: asItIs };
    const written = recordOf(tokens, context);
    const { ttlSeconds } = written;
    open.lastOwner = written.owner;
    if (ttlSeconds !== undefined) this.#lastTtlSeconds = ttlSeconds;
    const record = { ...written, ttlSeconds: ttlSeconds ?? this.#ttlUnwritten(written) };
    this.records.push({ record, file: open.file, line });
  }

  #ttlUnwritten({ type, rdata }: Pick<ResourceRecord, 'type' | 'rdata'>): number {
    const known = this.#defaultTtlSeconds ?? this.#lastTtlSeconds;
    if (known !== undefined || type !== TYPE.SOA) return known ?? DEFAULT_TTL_SECONDS;
    this.#defaultTtlSeconds = Buffer.from(rdata.subarray(-4)).readUInt32BE();
    return this.#defaultTtlSeconds;
  }

  /** @throws TextSyntaxError, NameSyntaxError */
  #obey(directive: string, operands: readonly Token[], open: OpenFile, line: number): void {
    const [first, second] = operands.map(({ text }) => text);
    const most = directive === '$INCLUDE' ? 2 : 1;
    if (directive === '$GENERATE')
      throw new TextSyntaxError(
        '$GENERATE is not taken here, being an extension of BIND; write the records one by one',
      );
    if (!['$ORIGIN', '$TTL', '$INCLUDE'].includes(directive))
      throw new TextSyntaxError(`${directive} is not a directive; there are $ORIGIN, $TTL and $INCLUDE`);
    if (first === undefined || operands.length > most)
      throw new TextSyntaxError(
        `${directive} takes ${most === 2 ? 'a file and perhaps an origin' : 'one value'}`,
      );
    if (directive === '$ORIGIN') open.origin = lowerName(parseName(first, open.origin));
    else if (directive === '$TTL') this.#defaultTtlSeconds = ttlOf(first);
    else
      this.#include(
        first,
        second === undefined ? open.origin : lowerName(parseName(second, open.origin)),
        open,
        line,
      );
  }

  /** Origin and last owner of the including file stay what they are (RFC 1035 section 5.1). */
  #include(written: string, origin: NameKey, from: OpenFile, line: number): void {
    const included = this.#parts.include(written, from.file);
    if ('problem' in included) {
      this.#report(from, line, included.problem);
      return;
    }
    const chain = [...from.chain, included.file];
    if (from.chain.includes(included.file))
      throw new TextSyntaxError(
        `${included.file} would include itself (${chain.join(' > ')}); delete this line`,
      );
    if (from.chain.length > DEPTH_MAX)
      throw new TextSyntaxError(
        `files are included more than ${DEPTH_MAX} deep (${chain.join(' > ')}); include them from one file`,
      );
    this.read({ ...included, origin, chain, lastOwner: from.lastOwner });
  }
}

/** A record of a master file is no scalar of YAML, and quotes around it would be a part of it. */
const asItIs = (example: string): string => example;

/** @throws TextSyntaxError */
function ttlOf(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds === undefined) throw new TextSyntaxError(`the TTL "${text}" is not a time such as 3600 or 1h`);
  if (seconds > MAX_TTL_SECONDS)
    throw new TextSyntaxError(`the TTL ${text} is over ${MAX_TTL_SECONDS} seconds`);
  return seconds;
}
