// The systemd unit without systemd: reads packaging/noonmark.service and does by mount(8), unshare(1) and setpriv(1) what
// its directives ask for, as far as these can: the view of the file system, the user, the one capability. What it cannot
// do is the filter of system calls and of address families. The unit's noonmark is nobody here. Needs root.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ConfigTree, REPOSITORY } from './noonmark.ts';
import { type Outcome, type Running, run, SYSTEM_PATH, start } from './running.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Debian's. */
export const NOBODY = { user: 65_534, group: 65_534 } as const;
/** Where everything is seen inside; a file system of its own, so that nothing is made on this machine. */
const INSIDE = '/opt';
export const PROGRAM = `${INSIDE}/noonmark`;
export const CONFIG_FILE = `${INSIDE}/etc/noonmark.yaml`;
const ROOTS = { '%S': `${INSIDE}/var/lib`, '%C': `${INSIDE}/var/cache` } as const;
const HOMES = ['/home', '/root', '/run/user'];
const TEMPORARIES = ['/tmp', '/var/tmp'];

export interface UnitSandbox extends AsyncDisposable {
  readonly server: Running;
  /** The state directory, seen from here and from inside. */
  readonly state: { readonly here: string; readonly inside: string };
  /** Runs a command as the server itself runs: same user, capabilities and namespaces. */
  asServer(...command: string[]): Promise<Outcome>;
  /** Runs a command as root, in the same network and nothing else of it. */
  inNetwork(...command: string[]): Promise<Outcome>;
}

/** What the unit says, by directive; the last one counts. */
function readUnit(): ReadonlyMap<string, string> {
  const text = readFileSync(join(REPOSITORY, 'packaging/noonmark.service'), 'utf8');
  return new Map(Array.from(text.matchAll(/^(\w+)=(.*)$/gm), ([, name, value]) => [name!, value!]));
}

export function startUnitSandbox(config: ConfigTree): UnitSandbox {
  const unit = readUnit();
  const directory = temporaryDirectory('unit');
  writeFileSync(join(directory, 'noonmark.yaml'), stringify(config));
  const own = [
    ['StateDirectory', '%S'],
    ['CacheDirectory', '%C'],
  ] as const;
  const kept = own.map(([directive, root]) => {
    const name = unit.get(directive)!;
    const here = join(directory, directive);
    mkdirSync(here, { mode: Number.parseInt(unit.get(`${directive}Mode`) ?? '755', 8) });
    return { here, inside: `${ROOTS[root]}/${name}` };
  });
  const demands = setprivArguments(unit);
  const command = expand(unit.get('ExecStart')!)
    .replaceAll('/opt/noonmark', PROGRAM)
    .replace('/etc/noonmark/noonmark.yaml', CONFIG_FILE);
  const script = [
    'set -e',
    'ip link set lo up',
    ...mounts(unit, kept, directory),
    `cd ${expand(unit.get('WorkingDirectory')!)}`,
    `umask ${unit.get('UMask')}`,
    `export ${expand(unit.get('Environment')!)}`,
    `exec setpriv ${demands.join(' ')} ${command}`,
  ].join('\n');
  const env = { PATH: SYSTEM_PATH };
  const server = start('unshare', ['-m', '-n', '--propagation', 'private', 'sh', '-c', script], { env });
  const beside = (...namespaces: string[]) => ['-t', String(server.pid), ...namespaces];
  return {
    server,
    state: kept[0]!,
    asServer: (...args) => run('nsenter', [...beside('-m', '-n'), 'setpriv', ...demands, ...args], { env }),
    inNetwork: (...args) => run('nsenter', [...beside('-n'), ...args]),
    [Symbol.asyncDispose]: async () => void (await server.stop()),
  };
}

function expand(value: string): string {
  return Object.entries(ROOTS).reduce((text, [specifier, root]) => text.replaceAll(specifier, root), value);
}

function setprivArguments(unit: ReadonlyMap<string, string>): string[] {
  const capabilities = (directive: string) =>
    ['-all', ...(unit.get(directive) ?? '').split(' ').filter((name) => name !== '')]
      .map((name) => name.replace(/^CAP_/, '+').toLowerCase())
      .join(',');
  return [
    `--reuid=${NOBODY.user}`,
    `--regid=${NOBODY.group}`,
    '--clear-groups',
    `--inh-caps=${capabilities('AmbientCapabilities')}`,
    `--ambient-caps=${capabilities('AmbientCapabilities')}`,
    `--bounding-set=${capabilities('CapabilityBoundingSet')}`,
    ...(unit.get('NoNewPrivileges') === 'yes' ? ['--no-new-privs'] : []),
  ];
}

interface Kept {
  readonly here: string;
  readonly inside: string;
}

/** Lines of the shell; what stands in no directive is not done. */
function mounts(unit: ReadonlyMap<string, string>, kept: readonly Kept[], directory: string): string[] {
  const writable = [...kept.map(({ inside }) => inside), ...TEMPORARIES, '/dev', '/proc', '/sys'];
  const pattern = writable.flatMap((path) => [path, `${path}/*`]).join('|');
  return [
    `mount -t tmpfs -o mode=755 tmpfs ${INSIDE}`,
    `mkdir -p ${PROGRAM} ${INSIDE}/etc ${kept.map(({ inside }) => inside).join(' ')}`,
    `mount --bind ${REPOSITORY} ${PROGRAM}`,
    `cp ${join(directory, 'noonmark.yaml')} ${CONFIG_FILE}`,
    ...kept.map(
      ({ here, inside }) => `chown ${NOBODY.user}:${NOBODY.group} ${here} && mount --bind ${here} ${inside}`,
    ),
    ...(unit.get('PrivateTmp') === 'yes'
      ? TEMPORARIES.map((path) => `mount -t tmpfs -o mode=1777 tmpfs ${path}`)
      : []),
    ...(unit.get('ProtectHome') === 'yes'
      ? HOMES.map((path) => `[ ! -d ${path} ] || mount -t tmpfs -o mode=000 tmpfs ${path}`)
      : []),
    ...(unit.get('ProtectProc') === 'invisible'
      ? [`mount -t proc -o hidepid=2${unit.get('ProcSubset') === 'pid' ? ',subset=pid' : ''} proc /proc`]
      : []),
    ...(unit.get('ProtectSystem') === 'strict'
      ? [
          'while read -r _ _ _ _ at _; do',
          `  case "$at" in ${pattern}) ;; *) mount -o remount,bind,ro "$at" ;; esac`,
          'done < /proc/self/mountinfo',
        ]
      : []),
  ];
}
