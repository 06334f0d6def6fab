// All that is there for people and not for the queries of their devices: the status, the history, messages, pages, the
// control socket. Loaded when plain DNS is answered already, because no answer needs it and a power cut ends sooner
// without; history and messages first, so that they are there before the clock moves, and the doors after them.

import type { AdminSubject } from '../admin/routes.ts';
import type { TrueClock } from '../clock/true-clock.ts';
import type { Config } from '../config/config.ts';
import { History, type HistoryParts } from '../history/history.ts';
import type { PostParts } from '../notify/http-post.ts';
import { Notifier } from '../notify/notifier.ts';
import type { Resolver } from '../resolver/resolver.ts';
import { gatherStatus, type StatusInputs } from '../status/gather.ts';
import type { Status } from '../status/status.ts';
import type { CertificateStore } from '../tls/certificate-store.ts';
import type { AdminDoors, AdminDoorsParts } from './admin-doors.ts';
import type { AnswerFigures } from './answer-figures.ts';
import type { DeviceSetupParts } from './device-setup.ts';
import { ownNamesOf } from './this-host.ts';

/** What an owner may ask for, apart from looking. */
type Wishes = Pick<AdminSubject, 'forgetStamp' | 'renewCertificate' | 'flushCache' | 'zones'>;

export interface ForPeopleParts
  extends Omit<AdminDoorsParts, 'config' | 'subject'>,
    Pick<DeviceSetupParts, 'boundOf' | 'certificates' | 'probe'>,
    Pick<PostParts, 'tls' | 'lookup'>,
    Pick<HistoryParts, 'noticed'>,
    Wishes {
  /** As it is now. */
  readonly config: () => Config;
  readonly clock: TrueClock;
  /** How everything else stands now. */
  readonly standing: () => Omit<StatusInputs, 'admin' | 'notify' | 'outboxProblem'>;
  readonly seen: Pick<AnswerFigures, 'figures' | 'queries' | 'queryLog'>;
  /** Where a question is asked to have it explained. */
  readonly explained: Resolver;
}

const NO_DOORS = { addresses: [], waiting: [], problems: [] } as const;

export class ForPeople {
  readonly #parts: ForPeopleParts;
  readonly #history: History;
  readonly #notifier: Notifier;
  #doors: AdminDoors | null = null;

  /** Begins to heed the clock, whose keeper is there already. */
  constructor(parts: ForPeopleParts) {
    this.#parts = parts;
    const { clock, log, keepsState, config, seen, noticed, tls, lookup } = parts;
    const { stateDir } = config();
    const status = () => this.status();
    this.#history = new History({
      ...{ clock, machine: clock.machine, log, stateDir, keepsState, status, noticed },
      figures: () => seen.figures.minute(),
      asked: () => Object.values(seen.queries).reduce((sum, one) => sum + one, 0),
    });
    this.#notifier = new Notifier({
      ...{ stateDir: keepsState ? stateDir : null, tls, lookup, clock, log, status },
      isTelling: keepsState, // a rehearsal tells nobody
      ...{ serverName: () => ownNamesOf(config())[0], openIncidents: () => this.#history.open },
    });
    this.#history.onIncident((event) => this.#notifier.hear(event));
  }

  /** Opens all that needs no certificate. */
  async openPlain(): Promise<void> {
    const { AdminDoors } = await import('./admin-doors.ts');
    this.#doors = new AdminDoors({
      ...this.#parts,
      config: this.#parts.config(),
      subject: await this.#subject(),
    });
    await this.#doors.start();
  }

  /** Opens what needs one. */
  async openEncrypted(certificates: CertificateStore): Promise<void> {
    await this.#doors?.openEncrypted(certificates);
  }

  /** Where the pages are. */
  get addresses(): AdminDoors['addresses'] {
    return this.#doors?.addresses ?? [];
  }

  /** How everything stands now. */
  status(): Status {
    return gatherStatus({
      ...this.#parts.standing(),
      admin: this.#doors ?? NO_DOORS,
      ...{ notify: this.#notifier.reports, outboxProblem: this.#notifier.outboxProblem },
    });
  }

  /** Tells the owner what is wrong, as soon as it is known what has lasted since an earlier life. */
  tellOwner(): void {
    const told = this.#history.start().then(() => this.#notifier.become(this.#parts.config().notify));
    void told.catch((error: Error) =>
      this.#parts.log.error('a bug in Noonmark: please report this line', {
        stack: error.stack ?? error.message,
      }),
    );
  }

  /** What waits may get through now. */
  wake(): void {
    this.#notifier.wake();
  }

  /** Who may come in from now on. */
  async admitBy(admin: Config['admin']): Promise<void> {
    await this.#doors?.admitBy(admin);
  }

  async listenOn(addresses: Config['listen']['admin']): Promise<void> {
    await this.#doors?.listenOn(addresses);
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all([this.#doors?.stop(graceMs), this.#history.stop(), this.#notifier.close()]);
  }

  /** What the admin listener and the control socket ask and may do. */
  async #subject(): Promise<AdminDoorsParts['subject']> {
    const [{ deviceSetup }, { explainName }] = await Promise.all([
      import('./device-setup.ts'),
      import('../resolver/explained.ts'),
    ]);
    const { clock, seen, explained, config, probe, boundOf, certificates } = this.#parts;
    const { forgetStamp, renewCertificate, flushCache, zones } = this.#parts;
    return {
      ...{ clock, forgetStamp, renewCertificate, flushCache, zones },
      status: () => this.status(),
      explainName: (question) => explainName(explained, question, clock),
      history: this.#history,
      testNotify: () => this.#notifier.test(),
      ...{ queryLog: seen.queryLog, traffic: () => seen.figures.live() },
      ...deviceSetup({ clock, probe, config, boundOf, certificates, admin: () => this.addresses }),
    };
  }
}
