// The history in an SQLite database in memory, with the whole of it as the octets of a file: nothing here touches the disk,
// so that no slow or full one can hold up an answer. A file that is not of our making is refused with a reason.
// SQLite is Node's own (node:sqlite), loaded when it is wanted.

import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { IncidentKind } from './incident.ts';
import { type KeptIncident, MOMENT_KINDS } from './kept-incident.ts';
import type { Moment } from './life-time.ts';
import { POINT_COLUMNS, POINT_FIELDS, type Point, valuesBy } from './point.ts';
import {
  type HistoryStore,
  type IncidentsAsked,
  type LifeRecord,
  MAX_INCIDENTS,
  type Span,
  slotOf,
} from './store.ts';

/** The form of the tables below; a file with another number is not read. */
const SCHEMA_VERSION = 1;

const POINT_TABLE = `slot INTEGER PRIMARY KEY, key INTEGER NOT NULL, ${POINT_COLUMNS.map((name) => `${name} REAL`).join(', ')}`;

/** `…_ms`: milliseconds since that life began; `…_at`: milliseconds since 1970, null where no date is known. */
const SCHEMA = [
  `CREATE TABLE life (one INTEGER PRIMARY KEY, number INTEGER NOT NULL, version TEXT NOT NULL, seen_ms REAL NOT NULL, seen_at REAL, seen_sure INTEGER NOT NULL, is_over INTEGER NOT NULL) STRICT`,
  `CREATE TABLE incidents (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, what TEXT NOT NULL, evidence TEXT NOT NULL, do_this TEXT NOT NULL, returns INTEGER NOT NULL, started_life INTEGER NOT NULL, started_ms REAL NOT NULL, started_at REAL, started_sure INTEGER NOT NULL, ended_life INTEGER, ended_ms REAL, ended_at REAL, ended_sure INTEGER) STRICT`,
  `CREATE TABLE minutes (${POINT_TABLE}) STRICT`,
  `CREATE TABLE tens (${POINT_TABLE}) STRICT`,
] as const;

/** Why a file is not read, the rest of a sentence that begins with its path. */
export class UnfitHistory extends Error {}

export type SqliteModule = typeof import('node:sqlite');
type Row = Readonly<Record<string, SQLOutputValue>>;

export class SqliteHistory implements HistoryStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @param file a whole file; null: begin with nothing
   * @throws {UnfitHistory} for a file that is damaged, or of another making
   */
  constructor({ DatabaseSync }: SqliteModule, file: Uint8Array | null) {
    this.#database = new DatabaseSync(':memory:');
    this.#database.exec('PRAGMA temp_store = MEMORY'); // a large sort is not for the disk either
    try {
      if (file === null) this.#begin();
      else this.#take(file);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** All of it as the octets of a file. */
  get image(): Uint8Array {
    return this.#database.serialize();
  }

  close(): void {
    this.#database.close();
  }

  get life(): LifeRecord | null {
    const row = this.#get('SELECT * FROM life');
    if (row === undefined) return null;
    const number = Number(row.number);
    const seen = momentOf(number, row.seen_ms, row.seen_at, row.seen_sure);
    return { number, version: String(row.version), seen, isOver: row.is_over === 1 };
  }

  recordLife({ number, version, seen, isOver }: LifeRecord): void {
    const { ms, dateMs, isSure } = seen;
    this.#run(
      'INSERT OR REPLACE INTO life VALUES (1, ?, ?, ?, ?, ?, ?)',
      ...[number, version, ms, dateMs, Number(isSure), Number(isOver)],
    );
  }

  get lastId(): number {
    return Number(this.#get('SELECT max(id) AS id FROM incidents')?.id ?? 0);
  }

  get first(): KeptIncident | null {
    const row = this.#get('SELECT * FROM incidents ORDER BY id LIMIT 1');
    return row === undefined ? null : incidentOfRow(row);
  }

  get lastOver(): KeptIncident | null {
    const row = this.#get(
      'SELECT * FROM incidents WHERE ended_ms IS NOT NULL AND kind NOT IN (SELECT value FROM json_each(?)) ORDER BY ended_life DESC, ended_ms DESC LIMIT 1',
      JSON.stringify([...MOMENT_KINDS]),
    );
    return row === undefined ? null : incidentOfRow(row);
  }

  put(incident: KeptIncident): void {
    const { id, kind, subject, what, evidence, doThis, returns, started, ended } = incident;
    const valuesOf = (moment: Moment | null) =>
      moment === null
        ? [null, null, null, null]
        : [moment.life, moment.ms, moment.dateMs, Number(moment.isSure)];
    this.#run(
      `INSERT OR REPLACE INTO incidents VALUES (${Array(15).fill('?').join(', ')})`,
      ...[id, kind, subject, what, evidence, doThis, returns, ...valuesOf(started), ...valuesOf(ended)],
    );
    const count = Number(this.#get('SELECT count(*) AS count FROM incidents')?.count);
    if (count > MAX_INCIDENTS)
      this.#run(
        'DELETE FROM incidents WHERE id = (SELECT id FROM incidents ORDER BY ended_ms IS NULL, id LIMIT 1)',
      );
  }

  incidents({ limit, before = Number.MAX_SAFE_INTEGER, isOpen = false }: IncidentsAsked): KeptIncident[] {
    const rows = this.#all(
      `SELECT * FROM incidents WHERE id < ?${isOpen ? ' AND ended_ms IS NULL' : ''} ORDER BY id DESC LIMIT ?`,
      ...[before, limit],
    );
    return rows.map(incidentOfRow);
  }

  date(life: number, beganAtMs: number, isSure: boolean): void {
    for (const which of ['started', 'ended'])
      this.#run(
        `UPDATE incidents SET ${which}_at = ?1 + ${which}_ms, ${which}_sure = ?2 WHERE ${which}_life = ?3 AND ${which}_sure = 0`,
        ...[beganAtMs, Number(isSure), life],
      );
  }

  putPoint(span: Span, { key, values }: Point): void {
    this.#run(
      `INSERT OR REPLACE INTO ${span} VALUES (${Array(POINT_FIELDS.length + 2)
        .fill('?')
        .join(', ')})`,
      ...[slotOf(span, key), key, ...POINT_FIELDS.map((field) => values[field])],
    );
  }

  points(span: Span, from: number, to: number): Point[] {
    const rows = this.#all(`SELECT * FROM ${span} WHERE key BETWEEN ? AND ? ORDER BY key`, from, to);
    return rows.map((row) => ({
      key: Number(row.key),
      values: valuesBy((_, at) => numberOf(row[POINT_COLUMNS[at]!])),
    }));
  }

  lastKey(span: Span): number | null {
    return numberOf(this.#get(`SELECT max(key) AS key FROM ${span}`)?.key);
  }

  #begin(): void {
    for (const statement of SCHEMA) this.#database.exec(statement);
    this.#database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  }

  #take(file: Uint8Array): void {
    try {
      this.#database.deserialize(file);
      this.#database.exec('PRAGMA trusted_schema = OFF');
      const version = this.#get('PRAGMA user_version')?.user_version;
      if (version !== SCHEMA_VERSION)
        throw new UnfitHistory(`is of another form (${version}, and this Noonmark has ${SCHEMA_VERSION})`);
      const found = this.#all(
        "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name",
      );
      const wanted = [...SCHEMA].sort();
      if (JSON.stringify(found.map(({ sql }) => sql).sort()) !== JSON.stringify(wanted))
        throw new UnfitHistory('is an SQLite database, and not one of Noonmark');
      const check = this.#get('PRAGMA quick_check(1)')?.quick_check;
      if (check !== 'ok') throw new UnfitHistory(`is damaged (${check})`);
    } catch (error) {
      if (error instanceof UnfitHistory) throw error;
      throw new UnfitHistory(`is damaged (${error instanceof Error ? error.message : error})`);
    }
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepared(sql).run(...values);
  }

  /** The texts above are few and fixed. */
  #prepared(sql: string): StatementSync {
    const found = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, found);
    return found;
  }
}

function incidentOfRow(row: Row): KeptIncident {
  const moment = (which: string) =>
    momentOf(Number(row[`${which}_life`]), row[`${which}_ms`], row[`${which}_at`], row[`${which}_sure`]);
  return {
    id: Number(row.id),
    kind: String(row.kind) as IncidentKind,
    subject: String(row.subject),
    what: String(row.what),
    evidence: String(row.evidence),
    doThis: String(row.do_this),
    returns: Number(row.returns),
    started: moment('started'),
    ended: row.ended_ms === null ? null : moment('ended'),
  };
}

function momentOf(
  life: number,
  ms: SQLOutputValue | undefined,
  at: SQLOutputValue | undefined,
  sure: SQLOutputValue | undefined,
): Moment {
  return { life, ms: Number(ms), dateMs: numberOf(at), isSure: sure === 1 };
}

function numberOf(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
