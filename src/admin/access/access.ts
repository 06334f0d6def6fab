// Who may use the admin listener: what proves it, kept and judged. Password and token are read from their files at the start
// and at each reload; what cannot be read lets nobody in. Another password ends every session.
// What is answered to those who may not is access-routes.ts; the judgement itself is admission.ts.

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../clock/clock.ts';
import {
  ADMIN_SECRET_OCTETS_MAX,
  type PasswordHash,
  readAdminToken,
  readPasswordHash,
} from '../../config/admin-secrets.ts';
import type { Config } from '../../config/config.ts';
import { printable, ValueError } from '../../config/value-error.ts';
import { readSecretFile } from '../../files/secret-file.ts';
import type { LimitLog } from '../../observe/limit-log.ts';
import type { Log } from '../../observe/log.ts';
import type { AccessProblem } from '../../status/access-degradation.ts';
import type { AdminVisit } from '../route.ts';
import { type Admission, judgeAdmission } from './admission.ts';
import { Attempts } from './attempts.ts';
import { isTokenRight } from './bearer-token.ts';
import { PasswordChecks } from './password.ts';
import { clearCookie, sessionIdIn, setCookie } from './session-cookie.ts';
import { Sessions } from './sessions.ts';

export interface AccessParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly limitLog: LimitLog;
}

/** What came of a try to sign in. */
export type SignIn =
  | { readonly kind: 'signed-in'; readonly cookie: string }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** There is no password. */
  | { readonly kind: 'closed' };

type Visiting = Omit<AdminVisit, 'isAdmitted'>;

interface FileProblem extends Omit<AccessProblem, 'problemForMs'> {
  /** Monotonic. */
  readonly sinceMs: number;
}

/** A limit by its name, as it is told. */
const SIGN_INS = 'sign_ins';
const HINT = 'somebody guesses at the password; who has signed in is not concerned';
/** Where two passwords are being checked and many wait. */
const BUSY_WAIT_MS = 5000;

export class Access {
  readonly #parts: AccessParts;
  readonly #sessions: Sessions;
  readonly #attempts: Attempts;
  readonly #checks = new PasswordChecks();
  #config: Config['admin'] = { passwordFile: null, tokenFile: null, loopback: 'closed' };
  #problems: readonly FileProblem[] = [];
  /** Monotonic: since when nobody has named a secret; null: somebody has. */
  #lockedSinceMs: number | null = null;
  #password: PasswordHash | null = null;
  #token: string | null = null;

  /** Closed to everybody but the control socket until `become`. */
  constructor(parts: AccessParts) {
    this.#parts = parts;
    this.#sessions = new Sessions(parts.clock);
    this.#attempts = new Attempts(parts.clock);
  }

  /** By this configuration from now on. Never rejects: what cannot be read lets nobody in. */
  async become(config: Config['admin']): Promise<void> {
    const { passwordFile, tokenFile } = config;
    const problems: FileProblem[] = [];
    const [password, token] = await Promise.all([
      this.#read('password_file', passwordFile, readPasswordHash, problems),
      this.#read('token_file', tokenFile, readAdminToken, problems),
    ]);
    this.#config = config;
    this.#problems = problems;
    this.#token = token;
    const isLocked = passwordFile === null && tokenFile === null;
    this.#lockedSinceMs = isLocked ? (this.#lockedSinceMs ?? this.#parts.clock.monotonic()) : null;
    if (isDeepStrictEqual(password, this.#password)) return;
    this.#password = password;
    this.#attempts.forget();
    if (this.#sessions.size > 0)
      this.#parts.log.info('the password has changed: whoever had signed in is signed out');
    this.#sessions.endAll();
  }

  /** Files that cannot be used. */
  get problems(): readonly AccessProblem[] {
    const nowMs = this.#parts.clock.monotonic();
    return this.#problems.map(({ key, problem, sinceMs }) => ({
      key,
      problem,
      problemForMs: nowMs - sinceMs,
    }));
  }

  /** What is wrong with listening at these addresses, which others can connect to: nobody could ever be let in there. */
  lockedAt(addresses: readonly string[]): readonly AccessProblem[] {
    if (this.#lockedSinceMs === null || addresses.length === 0) return [];
    const problem = `others can connect to ${addresses.join(', ')}, and there is neither a password nor a token`;
    return [{ key: 'locked', problem, problemForMs: this.#parts.clock.monotonic() - this.#lockedSinceMs }];
  }

  /** How it stands with the password. */
  get password(): 'set' | 'unset' | 'unusable' {
    if (this.#password !== null) return 'set';
    return this.#config.passwordFile === null ? 'unset' : 'unusable';
  }

  judge(visit: Visiting): Admission {
    const { isControl, client, localAddress, isForwarded, authorization } = visit;
    return judgeAdmission({
      ...{ isControl, client, localAddress, isForwarded },
      loopback: this.#config.loopback,
      isSignedIn: this.canSignOut(visit),
      isTokenRight: isTokenRight(authorization, this.#token),
      hasPassword: this.#password !== null,
      hasToken: this.#token !== null,
    });
  }

  /** It has the cookie of a session that lasts. */
  canSignOut({ cookie, isEncrypted }: Visiting): boolean {
    const id = sessionIdIn(cookie, isEncrypted);
    return id !== null && this.#sessions.has(id, isEncrypted);
  }

  async signIn({ client, cookie, isEncrypted }: Visiting, password: string): Promise<SignIn> {
    const { log, limitLog } = this.#parts;
    const expected = this.#password;
    if (expected === null) return { kind: 'closed' };
    if (password === '') return { kind: 'wrong' };
    const waitMs = this.#attempts.begin(client);
    if (waitMs > 0) {
      limitLog.reached(SIGN_INS, { client, hint: HINT });
      return { kind: 'wait', waitMs };
    }
    const isRight = await this.#checks.check(password, expected);
    if (isRight === null) {
      this.#attempts.withdraw(client);
      limitLog.reached(SIGN_INS, { client, hint: HINT });
      return { kind: 'wait', waitMs: BUSY_WAIT_MS };
    }
    if (!isRight || this.#password !== expected) {
      log.warn('a wrong password', { listen: 'admin', client });
      return { kind: 'wrong' };
    }
    this.#attempts.succeeded(client);
    const before = sessionIdIn(cookie, isEncrypted);
    if (before !== null) this.#sessions.end(before);
    log.info('signed in', { listen: 'admin', client });
    return { kind: 'signed-in', cookie: setCookie(this.#sessions.begin(isEncrypted), isEncrypted) };
  }

  /** The cookie that takes the place of the one of the session. */
  signOut({ cookie, isEncrypted }: Visiting): string {
    const id = sessionIdIn(cookie, isEncrypted);
    if (id !== null) this.#sessions.end(id);
    return clearCookie(isEncrypted);
  }

  async #read<T>(
    key: AccessProblem['key'],
    path: string | null,
    read: (text: string) => T,
    problems: FileProblem[],
  ): Promise<T | null> {
    if (path === null) return null;
    try {
      const text = await readSecretFile(path, {
        octetsMax: ADMIN_SECRET_OCTETS_MAX,
        ...{ what: 'a file with the secret', content: 'such a secret', secret: 'its secret is' },
        refusal: (words) => new ValueError(words),
      });
      return read(text);
    } catch (error) {
      const problem = printable(`${path}: ${(error as Error).message}`);
      const before = this.#problems.find((one) => one.key === key);
      problems.push({ key, problem, sinceMs: before?.sinceMs ?? this.#parts.clock.monotonic() });
      if (before?.problem !== problem)
        this.#parts.log.warn('a file of `admin` cannot be used; it lets nobody in', { key, reason: problem });
      return null;
    }
  }
}
