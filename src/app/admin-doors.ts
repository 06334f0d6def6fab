// The doors for people and programs, and who may come in: the admin listener, first on loopback, which waits for nothing, then
// over TLS once there is a certificate; the control socket; password and token, read again at each reload.

import { Access } from '../admin/access/access.ts';
import { adminAccess } from '../admin/access-routes.ts';
import { AdminListener } from '../admin/admin-listener.ts';
import { ControlSocket } from '../admin/control-socket.ts';
import { pageAnswer } from '../admin/page-routes.ts';
import { type AdminSubject, adminRoutes } from '../admin/routes.ts';
import type { Clock } from '../clock/clock.ts';
import type { Config, Limits } from '../config/config.ts';
import { isLoopback } from '../config/own-sockets.ts';
import { formatAddress } from '../listener/listener.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import type { Log } from '../observe/log.ts';
import type { CertificateStore } from '../tls/certificate-store.ts';

export interface AdminDoorsParts {
  readonly config: Config;
  /** What is told and done there. */
  readonly subject: Omit<AdminSubject, 'canSignIn' | 'canSignOut'>;
  /** Names and addresses that a browser may ask us by. */
  readonly allowedHosts: () => readonly string[];
  /** False: there is no control socket, as in a rehearsal. */
  readonly keepsState: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  readonly limitLog: LimitLog;
}

export class AdminDoors {
  readonly #parts: AdminDoorsParts;
  readonly #access: Access;
  readonly #listener: AdminListener;
  readonly #control: ControlSocket | null;

  constructor(parts: AdminDoorsParts) {
    const { config, allowedHosts, keepsState, clock, log } = parts;
    this.#parts = parts;
    this.#access = new Access(parts);
    const subject: AdminSubject = {
      ...parts.subject,
      canSignIn: () => this.#access.password === 'set',
      canSignOut: (visit) => this.#access.canSignOut(visit),
    };
    const access = adminAccess({
      access: this.#access,
      render: (page, visit) => pageAnswer(page, visit, subject),
    });
    const doors = { routes: adminRoutes(subject, access), ...{ access, allowedHosts, clock, log } };
    this.#listener = new AdminListener({ ...doors, addresses: config.listen.admin });
    this.#control = keepsState ? new ControlSocket({ ...doors, stateDir: config.stateDir }) : null;
  }

  /** Where people and scrapers are answered. */
  get addresses(): AdminListener['addresses'] {
    return this.#listener.addresses;
  }

  get waiting(): AdminListener['waiting'] {
    return this.#listener.waiting;
  }

  /** Why nobody is let in who should be: files of `admin` that cannot be used, or none named at all. */
  get problems(): Access['problems'] {
    const beyond = this.#listener.addresses.filter(({ address }) => !isLoopback(address));
    return [...this.#access.problems, ...this.#access.lockedAt(beyond.map(formatAddress))];
  }

  /** All that needs no certificate. Nobody is let in before password and token were read. */
  async start(): Promise<void> {
    await this.admitBy(this.#parts.config.admin);
    await Promise.all([this.#listener.start(), this.#control?.start()]);
  }

  /** What needs one. */
  openEncrypted(certificates: CertificateStore): Promise<void> {
    const { limits, limitLog } = this.#parts;
    return this.#listener.openEncrypted({ certificates, limits, limitLog });
  }

  /** Who may come in from now on. */
  admitBy(admin: Config['admin']): Promise<void> {
    return this.#access.become(admin);
  }

  listenOn(addresses: Config['listen']['admin']): Promise<void> {
    return this.#listener.listenOn(addresses);
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all([this.#listener.stop(graceMs), this.#control?.stop(graceMs)]);
  }
}
