// Noonmark itself as the end-to-end tests run it: the real process, `serve --config FILE`, from outside.
// Each instance has a directory of its own (config, certs, state) and free ports, and is ended by its pid.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type Client, type Endpoint, openDoh, openDot, openTcp, openUdp, type Trust } from './dns-client.ts';
import { makeQuery, type QueryOptions, type QueryType, type Reply, readReply } from './dns-message.ts';
import { freePorts } from './free-ports.ts';
import { type Ended, type Running, SYSTEM_PATH, start } from './running.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');
export const MAIN_FILE = join(REPOSITORY, 'src/main.ts');
const PINNED_NODE = join(REPOSITORY, 'node_modules/.bin/node');
/** The runtime that the project pins; the one that runs us where no build of it exists for the platform. */
export const NODE = existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath;

/** The name in Noonmark's own certificate. */
export const SERVER_NAME = 'dns.house.example';
export const INTERNAL_NAME = 'nas.home.arpa';
export const INTERNAL_ADDRESS = '192.168.1.20';
const HOUSE_RECORDS = [`nas 300 A ${INTERNAL_ADDRESS}`, 'printer A 192.168.1.30'];

export const TRANSPORTS = ['UDP', 'TCP', 'DoT', 'DoH'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** A config as YAML has it; keys are those of the contract. */
export type ConfigTree = Readonly<Record<string, unknown>>;

export interface NoonmarkOptions {
  /** Keys that replace the defaults, one level deep. */
  readonly config?: ConfigTree;
  /** That of an earlier life, with its certificates and state; default: a fresh one. */
  readonly directory?: string;
  /** Ports to listen on; default: free ones. */
  readonly ports?: Partial<Ports>;
  /** Puts files into the directory before the start; relative paths in the config begin there. */
  readonly prepare?: (directory: string) => void;
  /** Listen on ::1 as well as on 127.0.0.1. */
  readonly ipv6?: boolean;
  /** Listen on this IPv6 address as well. */
  readonly listenAlso?: string;
  /** Port of the admin listener, on 127.0.0.1; default: there is none. */
  readonly listenAdmin?: number;
  /** Run in a network of its own that has loopback and nothing else; needs root. */
  readonly ownNetwork?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** The file that is started; default: the repository's own, which runs the bundle where there is a fresh one. */
  readonly mainFile?: string;
  /** Text of the resolv.conf that this process alone sees; needs root. */
  readonly resolvConf?: string;
  /** A command before ours that becomes it at last (exec), so that the pid is ours: limits, namespaces, another user. */
  readonly around?: readonly string[];
  /** Default true: resolve once the log says `ready`. */
  readonly untilReady?: boolean;
}

export interface Ports {
  readonly dns: number;
  readonly dot: number;
  readonly doh: number;
}

export interface Noonmark extends AsyncDisposable {
  readonly directory: string;
  readonly ports: Ports;
  readonly process: Running;
  /** The local CA that clients install. */
  readonly caFile: string;
  trust(): Trust;
  endpoint(transport: Transport, address?: string): Endpoint;
  /** `from`: an address of this machine that the client asks from. */
  open(transport: Transport, from?: string, address?: string): Promise<Client>;
  /** One query on a connection of its own, over UDP unless said otherwise; throws when nothing comes back. */
  ask(name: string, type?: QueryType, options?: QueryOptions & { transport?: Transport }): Promise<Reply>;
  /** Writes the config file anew; SIGHUP is the caller's. */
  writeConfig(config: ConfigTree): void;
  stop(): Promise<Ended>;
}

export async function startNoonmark(options: NoonmarkOptions = {}): Promise<Noonmark> {
  const directory = options.directory ?? temporaryDirectory('e2e');
  const [dns, dot, doh] = (await freePorts(3)) as [number, number, number];
  const ports = { dns, dot, doh, ...options.ports };
  const addresses = [
    '127.0.0.1',
    ...(options.ipv6 ? ['::1'] : []),
    ...(options.listenAlso ? [options.listenAlso] : []),
  ];
  const configFile = join(directory, 'noonmark.yaml');
  const writeConfig = (config: ConfigTree) =>
    writeFileSync(
      configFile,
      stringify({ ...defaultConfig(directory, ports, addresses, options), ...config }),
    );
  mkdirSync(join(directory, 'certs'), { recursive: true });
  mkdirSync(join(directory, 'state'), { recursive: true });
  writeConfig(options.config ?? {});
  options.prepare?.(directory);

  const command = [NODE, options.mainFile ?? MAIN_FILE, 'serve', '--config', configFile];
  const [program, ...args] = inNamespaces(command, directory, options);
  const running = start(program!, args, {
    cwd: REPOSITORY,
    env: { ...process.env, PATH: SYSTEM_PATH, ...options.env },
  });
  const caFile = join(directory, 'certs/ca.pem');
  const trust = () => ({ ca: readFileSync(caFile, 'utf8'), name: SERVER_NAME });
  const endpoint = (transport: Transport, address = '127.0.0.1') => ({
    address,
    port: ports[PORT_OF[transport]],
  });
  const open = (transport: Transport, from?: string, address?: string) =>
    openTransport(transport, { ...endpoint(transport, address), from }, trust);
  const stop = async () => {
    const ended = running.hasEnded ? await running.ended : await running.stop();
    rmSync(directory, { recursive: true, force: true });
    return ended;
  };
  const noonmark: Noonmark = {
    directory,
    ports,
    process: running,
    caFile,
    trust,
    endpoint,
    open,
    writeConfig,
    stop,
    async ask(name, type = 'A', { transport = 'UDP', ...query } = {}) {
      const client = await open(transport);
      const reply = await client.ask(makeQuery(name, type, query));
      client.close();
      if (reply === null) throw new Error(`no answer to ${name} ${type} over ${transport}`);
      return readReply(reply);
    },
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
  if (options.untilReady !== false) {
    await running.waitForLine(isReadyLine).catch(async (error) => {
      await stop();
      throw error;
    });
  }
  return noonmark;
}

export const PORT_OF = { UDP: 'dns', TCP: 'dns', DoT: 'dot', DoH: 'doh' } as const;

/** The log's one `ready` line, in either of its formats. */
export function isReadyLine(line: string): boolean {
  return /"message":"ready"/.test(line) || / info +ready\b/.test(line);
}

export function openTransport(transport: Transport, endpoint: Endpoint, trust: () => Trust): Promise<Client> {
  switch (transport) {
    case 'UDP':
      return openUdp(endpoint);
    case 'TCP':
      return openTcp(endpoint);
    case 'DoT':
      return openDot(endpoint, trust());
    case 'DoH':
      return openDoh(endpoint, trust());
  }
}

function defaultConfig(
  directory: string,
  ports: Ports,
  addresses: readonly string[],
  { listenAdmin }: NoonmarkOptions,
): ConfigTree {
  const admin = listenAdmin === undefined ? {} : { admin: [`127.0.0.1:${listenAdmin}`] };
  const listen = (port: number) =>
    addresses.map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`));
  return {
    listen: { dns: listen(ports.dns), dot: listen(ports.dot), doh: listen(ports.doh), ...admin },
    zones: { 'home.arpa': { records: HOUSE_RECORDS } },
    certificate: { names: [SERVER_NAME] },
    time: { sources: [] }, // nobody outside is asked, unless a test says whom
    certs_dir: join(directory, 'certs'),
    state_dir: join(directory, 'state'),
    log: { level: 'info', format: 'json' },
  };
}

/** Namespaces and more around the command, where a test wants them; each `exec`s, so that the pid stays the command's. */
function inNamespaces(
  command: readonly string[],
  directory: string,
  { resolvConf, ownNetwork, around = [] }: NoonmarkOptions,
): readonly string[] {
  let wrapped = [...around, ...command];
  if (ownNetwork) wrapped = ['unshare', '-n', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"', ...wrapped];
  if (resolvConf !== undefined) {
    const file = join(directory, 'resolv.conf');
    writeFileSync(file, resolvConf);
    wrapped = [
      'unshare',
      '-m',
      'sh',
      '-c',
      'mount --bind "$0" /etc/resolv.conf && exec "$@"',
      file,
      ...wrapped,
    ];
  }
  return wrapped;
}
