// The control socket: what `noonmark status`, `explain` and `time` ask. A unix socket in the state directory whose file
// only its owner may open, with the paths of the admin listener and those that change something or make us look up.
// Without it everything else goes on: whatever stands in its way is one warning in words.

import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, Server } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import { AdminServer, type AdminServerParts } from './admin-server.ts';
import { controlSocketPath } from './control-socket-path.ts';

/** sockaddr_un has room for 108 octets with the closing zero (unix(7)). */
const MAX_PATH_OCTETS = 107;
/** A process that is alive accepts at once; the kernel does it for it. */
const LIVING_WITHIN_MS = 1000;
const OWNER_ONLY_UMASK = 0o177;
const OWNER_ONLY_DIRECTORY = 0o700;

export interface ControlSocketParts extends Omit<AdminServerParts, 'what'> {
  readonly stateDir: string;
}

export class ControlSocket {
  readonly #parts: ControlSocketParts;
  readonly #server: AdminServer;
  #listening: Server | null = null;

  constructor(parts: ControlSocketParts) {
    this.#parts = parts;
    this.#server = new AdminServer({ ...parts, what: 'control' });
  }

  /** Listens, or says in the log why not; never rejects. */
  async start(): Promise<void> {
    const { stateDir, clock, log } = this.#parts;
    const path = controlSocketPath(stateDir);
    try {
      if (Buffer.byteLength(path) > MAX_PATH_OCTETS)
        throw new Error(`its path is longer than ${MAX_PATH_OCTETS} octets; choose a shorter state_dir`);
      mkdirSync(stateDir, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
      await makeWay(path, clock);
      const server = this.#server.create(true);
      await listenOwnerOnly(server, path);
      server.on('error', (error) =>
        log.warn('accepting a connection failed', { listen: path, reason: error.message }),
      );
      this.#listening = server;
    } catch (error) {
      const hint = 'the server goes on; `noonmark status`, `explain` and `time` cannot ask it';
      log.warn('no control socket', { path, reason: inWords(error as NodeJS.ErrnoException), hint });
    }
  }

  /** Removes the socket's file, finishes answers, then closes; after `graceMs` it closes anyway. */
  async stop(graceMs: number): Promise<void> {
    if (this.#listening !== null) Server.prototype.close.call(this.#listening);
    this.#listening = null;
    await this.#server.drain(graceMs);
  }
}

/**
 * Removes the socket that a dead process has left behind.
 * @throws Error for a living one, and for a file that is no socket
 */
async function makeWay(path: string, clock: Clock): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error('there is a file in its place that is no socket; remove it');
  if (await isAlive(path, clock))
    throw new Error('another process serves it; stop that one, or give this one a state_dir of its own');
  unlinkSync(path);
}

/** Does anybody accept there? Only a refusal proves that nobody does. */
function isAlive(path: string, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const timeout = clock.after(LIVING_WITHIN_MS, () => settle(true));
    const settle = (isTaken: boolean) => {
      timeout.cancel();
      socket.destroy();
      resolve(isTaken);
    };
    socket.on('connect', () => settle(true));
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
}

/** The umask is the process's, but Node binds a path within listen(): nobody else makes a file meanwhile. */
function listenOwnerOnly(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(OWNER_ONLY_UMASK);
    try {
      server.listen({ path }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission to write into state_dir; let it belong to the user that the server runs as',
  EPERM: 'no permission to write into state_dir; let it belong to the user that the server runs as',
  EROFS: 'the file system of state_dir is read-only',
  ENOSPC: 'the file system of state_dir is full',
  ENOTDIR: 'state_dir is not a directory',
  EEXIST: 'state_dir is not a directory',
};

function inWords(error: NodeJS.ErrnoException): string {
  return (error.code === undefined ? undefined : REASONS[error.code]) ?? error.message;
}
