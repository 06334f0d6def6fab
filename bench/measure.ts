// What the kernel says a server has used: CPU of its whole process tree, memory, how often it was woken. And how busy the
// machine was with something else, because then no figure is worth much. CPU is counted in ticks of 10 ms.

import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

/** USER_HZ, which Linux fixes at 100 for user space. */
const TICK_US = 10_000;
/** Fields of /proc/PID/stat behind the command's name (proc(5)), counted from 0. */
const FIELD = { parent: 1, user: 11, system: 12, childUser: 13, childSystem: 14 } as const;
/** One that is at work on a core of its own is felt. */
const BUSY_LOAD = 0.5;
const BUSY_STEAL = 0.02;

export interface Cpu {
  readonly userUs: number;
  readonly systemUs: number;
}

/** User and system time so far of a process and of all below it, ended ones included where their parent has noticed. */
export function treeCpu(root: number): Cpu {
  let [userUs, systemUs] = [0, 0];
  for (const pid of treeOf(root)) {
    const fields = statOf(pid);
    if (fields === null) continue;
    userUs += (fields[FIELD.user]! + fields[FIELD.childUser]!) * TICK_US;
    systemUs += (fields[FIELD.system]! + fields[FIELD.childSystem]!) * TICK_US;
  }
  return { userUs, systemUs };
}

export function since(before: Cpu, after: Cpu): Cpu {
  return { userUs: after.userUs - before.userUs, systemUs: after.systemUs - before.systemUs };
}

/** A process and all below it. */
export function treeOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const parent = Number.isInteger(pid) ? statOf(pid)?.[FIELD.parent] : undefined;
    if (parent !== undefined) parents.set(pid, parent);
  }
  const tree = [root];
  for (const one of tree) for (const [pid, parent] of parents) if (parent === one) tree.push(pid);
  return tree;
}

/** Resident memory of the tree, in octets; pages that its processes share are counted for each. */
export function treeRss(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + kibibytes(pid, 'VmRSS') * 1024, 0);
}

export interface Activity {
  /** From the scheduler, in nanoseconds: ticks are too coarse for who sleeps. */
  readonly cpuNs: number;
  /** Context switches, of its own will and against it. */
  readonly switches: number;
}

/** Of all threads of the tree that live now. */
export function treeActivity(root: number): Activity {
  let [cpuNs, switches] = [0, 0];
  for (const pid of treeOf(root)) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const place = `/proc/${pid}/task/${task}`;
      cpuNs += Number(read(`${place}/schedstat`).split(' ')[0]);
      const status = read(`${place}/status`);
      for (const match of status.matchAll(/ctxt_switches:\s+(\d+)/g)) switches += Number(match[1]);
    }
  }
  return { cpuNs, switches };
}

/** Takes notes of how busy the machine is, from now on. */
export class MachineWatch {
  readonly #loadBefore = loadavg()[0]!;
  readonly #before = cpuTimes();

  /** What whoever reads the figures has to know; empty where the machine was quiet. */
  warnings(): string[] {
    const { total, steal } = cpuTimes();
    const stolen = (steal - this.#before.steal) / Math.max(1, total - this.#before.total);
    return warningsOf(this.#loadBefore, stolen);
  }
}

/** Pure, for tests. */
export function warningsOf(loadBefore: number, stolenShare: number): string[] {
  const warnings: string[] = [];
  if (loadBefore > BUSY_LOAD)
    warnings.push(`the machine was busy before the start (load average ${loadBefore.toFixed(2)})`);
  if (stolenShare > BUSY_STEAL)
    warnings.push(
      `the host took ${(stolenShare * 100).toFixed(1)} % of this machine's time meanwhile (steal)`,
    );
  return warnings;
}

function cpuTimes(): { readonly total: number; readonly steal: number } {
  const ticks = read('/proc/stat').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number);
  return { total: ticks.slice(0, 8).reduce((sum, one) => sum + one, 0), steal: ticks[7]! };
}

/** Null where it has ended. */
function statOf(pid: number): number[] | null {
  const text = read(`/proc/${pid}/stat`);
  return text === ''
    ? null
    : text
        .slice(text.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
}

function kibibytes(pid: number, key: string): number {
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
