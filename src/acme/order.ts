// One order (RFC 8555 section 7.4), from the first request to a chain that is proven: placed, or taken up where a death has
// left it; its names shown to the CA; its certificate fetched. What is needed to take it up again is stored before each
// step that could be the last. When one is placed, and what becomes of the chain, is decided elsewhere.

import type { Order } from 'acme-client';
import type { AcmeConfig } from '../config/config.ts';
import { type AcmeApi, acmeClient, statedProblem } from './acme-api.ts';
import { AcmeProblem, describeProblem } from './acme-problem.ts';
import type { Challenge, ChallengeSolver } from './challenge.ts';
import { OrderFailed, type StatedAuthorization, shown } from './stated.ts';
import { type CertificateStorage, StorageProblem, type StoredOrder, type StoredPair } from './storage.ts';

export interface OrderParts {
  /** storageIdOf(names) */
  readonly id: string;
  readonly names: readonly string[];
  readonly config: Pick<AcmeConfig, 'directory' | 'profile' | 'keyType'>;
  /** certificateIdOf() the one that is to be replaced; null: there is none, or the CA has no use for it. */
  readonly replaces: string | null;
  readonly api: AcmeApi;
  readonly solver: ChallengeSolver;
  readonly storage: Pick<CertificateStorage, 'readOrder' | 'writeOrder'>;
  readonly signal: AbortSignal;
}

/** A name that the CA was not content with. */
export interface UnprovenName {
  readonly hostname: string;
  readonly problem: AcmeProblem;
}

/** The CA has looked and was not content: validations that count against its limits. */
export class ValidationFailed extends Error {
  override readonly name = 'ValidationFailed';
  readonly code = 'acme-validation';
  /** At least one. */
  readonly unproven: readonly UnprovenName[];

  constructor(unproven: readonly UnprovenName[]) {
    super(
      unproven.map(({ hostname, problem }) => `${hostname} was not proven: ${problem.message}`).join('; '),
    );
    this.unproven = unproven;
  }
}

/**
 * The chain as the CA sent it, with its key; stored is only the order. Whoever has put the pair in its place deletes that.
 * @throws AcmeProblem, ValidationFailed, OrderFailed, ChallengeProblem, StorageProblem, HttpsFailure, the signal's reason
 */
export async function fulfilOrder(parts: OrderParts): Promise<StoredPair> {
  const { api, id, storage } = parts;
  const { order, keyPem } = (await takeUp(parts)) ?? (await place(parts));
  try {
    if (order.status === 'pending') await prove(order, parts);
    const valid = order.status === 'valid' ? order : await finish(order, keyPem, parts);
    return { chainPem: await api.certificateOf(valid), keyPem };
  } catch (error) {
    // What the CA has given up is not taken up again; what it was merely not asked any further is.
    const isOver = error instanceof ValidationFailed || error instanceof OrderInvalid || isAboutKey(error);
    if (isOver) await storage.writeOrder(id, null);
    throw error;
  }
}

class OrderInvalid extends OrderFailed {}

/** Asked again with the same key, the CA would say the same. */
function isAboutKey(error: unknown): boolean {
  return error instanceof AcmeProblem && ['badCSR', 'badPublicKey'].includes(error.type);
}

interface Placed {
  readonly order: Order;
  readonly keyPem: string;
}

/** An order that an earlier attempt has left, where the CA still knows it and it is for the same names. */
async function takeUp({ api, id, names, config, storage }: OrderParts): Promise<Placed | null> {
  const stored = await storage.readOrder(id).catch((error: Error) => {
    if (error instanceof StorageProblem) return null; // whoever writes the next one moves it aside, and says so
    throw error;
  });
  if (stored === null || !isFor(stored, names, config)) return null;
  try {
    const order = await api.getOrder(stored.url);
    return order.status === 'invalid' ? null : { order, keyPem: stored.keyPem };
  } catch (error) {
    if (isForgotten(error)) return null;
    throw error; // its certificate may be made already, and no other key fits that
  }
}

/** The CA has no such order, or not for this account: CAs differ in how they say so. */
function isForgotten(error: unknown): boolean {
  if (!(error instanceof AcmeProblem) || error.status >= 500) return false;
  return [404, 410].includes(error.status) || ['malformed', 'unauthorized'].includes(error.type);
}

function isFor(stored: StoredOrder, names: readonly string[], config: OrderParts['config']): boolean {
  const sorted = (list: readonly string[]) => [...list].sort().join();
  const { directory, profile, keyType } = config;
  const isLikeIt = stored.profile === profile && stored.keyType === keyType;
  return isLikeIt && stored.directory === directory && sorted(stored.names) === sorted(names);
}

/** Stored with its key before anything is proven, so that no certificate is ever made for a key that a power cut took. */
async function place(parts: OrderParts): Promise<Placed> {
  const { id, names, config, storage, api } = parts;
  const { directory, profile, keyType } = config;
  const keyPem = (await acmeClient().crypto.createPrivateEcdsaKey(keyType)).toString();
  const order = await api.createOrder({ names, profile, replaces: parts.replaces }).catch((error) => {
    if (parts.replaces === null || !isAboutReplacing(error)) throw error;
    return api.createOrder({ names, profile, replaces: null });
  });
  await storage.writeOrder(id, { directory, profile, keyType, names, keyPem, url: order.url });
  return { order, keyPem };
}

/** The predecessor is another CA's, of another account, or was replaced already (RFC 9773 section 5): no harm in that. */
function isAboutReplacing(error: unknown): boolean {
  return (
    error instanceof AcmeProblem && ['alreadyReplaced', 'malformed', 'unauthorized'].includes(error.type)
  );
}

/** Shows every name that is not proven yet, has the CA look at all of them, and waits for all its verdicts. */
async function prove(order: Order, { api, solver, names, signal }: OrderParts): Promise<void> {
  const open = (await api.authorizationsOf(order)).filter(({ status }) => status !== 'valid');
  if (open.length === 0) return;
  const asked = open.map((authorization) => ({
    authorization,
    name: provenName(authorization, names),
    stated: challengeOf(authorization, solver.type),
  }));
  const challenges = await Promise.all(
    asked.map(async ({ name, stated }): Promise<Challenge> => {
      return { name, token: stated.token, keyAuthorization: await api.keyAuthorizationOf(stated) };
    }),
  );
  try {
    await solver.show(challenges, signal);
    for (const { stated } of asked) if (stated.status === 'pending') await api.complete(stated);
    const decided: StatedAuthorization[] = [];
    for (const { authorization } of asked) decided.push(await api.decided(authorization));
    judge(decided, solver.type);
  } finally {
    await solver.clear();
  }
}

/**
 * The name that is to be proven, as we have written it ourselves: what a CA says goes into zones and to programs.
 * @throws OrderFailed for one that was not asked for
 */
function provenName(authorization: StatedAuthorization, names: readonly string[]): string {
  const { type, value } = authorization.identifier;
  const own = names.map((name) => name.replace(/^\*\./, '')).find((name) => name === value.toLowerCase());
  if (type !== 'dns' || own === undefined)
    throw new OrderFailed(`the CA wants ${shown(`${type} ${value}`)} proven, which was not asked for`);
  return own;
}

/** RFC 8555 section 8.1: base64url, of at least 128 bits; no CA's is longer. */
const TOKEN = /^[A-Za-z0-9_-]{16,256}$/;

/** @throws OrderFailed */
function challengeOf(authorization: StatedAuthorization, type: string) {
  const hostname = hostnameOf(authorization);
  const found = authorization.challenges.find((challenge) => challenge.type === type);
  if (authorization.status !== 'pending')
    throw new OrderInvalid(
      `the CA calls the authorization of ${hostname} ${authorization.status}; a new order is tried`,
    );
  if (found === undefined) {
    const offered = authorization.challenges.map((challenge) => challenge.type).join(', ');
    throw new OrderFailed(
      `the CA does not offer ${type} for ${hostname}, but ${offered || 'nothing'}; write one of these as \`challenge\``,
    );
  }
  if (typeof found.token === 'string' && TOKEN.test(found.token)) return { ...found, token: found.token };
  throw new OrderFailed(`the token of the CA's ${type} for ${hostname} is none (RFC 8555 section 8.1)`);
}

/** @throws ValidationFailed, OrderFailed */
function judge(decided: readonly StatedAuthorization[], type: string): void {
  const unproven = decided
    .filter(({ status }) => status !== 'valid' && status !== 'pending')
    .map((authorization) => {
      const { error } = authorization.challenges.find((challenge) => challenge.type === type) ?? {};
      return { hostname: hostnameOf(authorization), problem: statedProblem(error) };
    });
  if (unproven.length > 0) throw new ValidationFailed(unproven);
  const waiting = decided.find(({ status }) => status === 'pending');
  if (waiting !== undefined)
    throw new OrderFailed(
      `the CA has not looked at ${hostnameOf(waiting)} for minutes; the same order is asked for again later`,
    );
}

function hostnameOf({ identifier, wildcard }: StatedAuthorization): string {
  return wildcard === true ? `*.${identifier.value}` : identifier.value;
}

async function finish(order: Order, keyPem: string, { api, names, solver }: OrderParts): Promise<Order> {
  const [, csr] = await acmeClient().crypto.createCsr({ altNames: [...names] }, keyPem);
  const ready = order.status === 'pending' ? await api.ready(order.url) : order;
  const done = ready.status === 'ready' ? await api.finalize(ready, csr) : await api.settled(order.url);
  if (done.status === 'valid') return done;
  if (done.status === 'invalid')
    throw new OrderInvalid(
      `the order came to nothing: ${describeProblem(statedProblem(done.error), solver.type)}`,
    );
  throw new OrderFailed(
    'the CA has not made the certificate within minutes; the same order is asked for again later',
  );
}
