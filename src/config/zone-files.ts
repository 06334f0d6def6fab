// Master files that the configuration names (zones.*.file), with what they include: found on the disk, read, and told
// about with file and line. What a master file means is dns/master-file.ts. Nothing outside the folder of the zone file
// is included, symbolic links followed: who may write a zone may not thereby read the host.

import { basename, dirname, relative, resolve } from 'node:path';
import { type MasterFile, readMasterFile } from '../dns/master-file.ts';
import type { NameKey } from '../dns/names.ts';
import { type NamedFiles, ZONE_OCTETS_MAX } from './named-files.ts';

/**
 * All zone files of a configuration together. A record costs about a kilobyte of memory with its pointer and 10 µs to
 * read; a host with less than that to spare is no place for so many.
 */
export const RECORDS_MAX = 200_000;

/** Reads the zone files of one configuration, under bounds that they share. */
export class ZoneFiles {
  readonly #files: NamedFiles;
  readonly #read = new Set<string>();
  #octetsLeft = ZONE_OCTETS_MAX;
  #recordsLeft = RECORDS_MAX;

  constructor(files: NamedFiles) {
    this.#files = files;
  }

  /** Absolute paths of all that was read, or would have been. */
  get paths(): readonly string[] {
    return [...this.#read];
  }

  /** `path` is absolute; in what comes of it files are named as seen from its folder. */
  read(path: string, zone: NameKey): MasterFile {
    const folder = dirname(path);
    const file = basename(path);
    const found = this.#textOf(path, null);
    if (found === null) return { records: [], problems: [] };
    if ('problem' in found) return { records: [], problems: [{ file: '', line: 0, message: found.problem }] }; // it names the file
    const read = readMasterFile({
      file,
      text: found.text,
      zone,
      recordsMax: this.#recordsLeft,
      include: (written, from) => {
        const included = resolve(folder, dirname(from), written);
        const inner = this.#textOf(included, folder) ?? { problem: 'files are not looked at' };
        return 'problem' in inner ? inner : { file: relative(folder, included), text: inner.text };
      },
    });
    this.#recordsLeft -= read.records.length;
    return read;
  }

  #textOf(path: string, folder: string | null): ReturnType<NamedFiles['zoneText']> {
    this.#read.add(path);
    const found = this.#files.zoneText(path, folder, this.#octetsLeft);
    if (found !== null && 'text' in found) this.#octetsLeft -= found.text.length;
    return found;
  }
}
