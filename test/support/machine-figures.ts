// What the kernel says a process has used: /proc/PID/stat counts all its threads, in clock ticks.

import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes at 100 for user space. */
const TICKS_PER_SECOND = 100;
const MICROSECONDS = 1_000_000;

/** User and system time so far, in microseconds, of the process and of its children that have ended. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
  return (ticks / TICKS_PER_SECOND) * MICROSECONDS;
}

/** Resident memory, in MB of 10^6 octets. */
export function rssMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024) / 1e6;
}

/** "2 × Intel Xeon …, Linux 6.1, Node v26.10.0" without anything that names the machine. */
export function describeMachine(): string {
  const models = [...readFileSync('/proc/cpuinfo', 'utf8').matchAll(/model name\s*: (.*)/g)].map(
    (match) => match[1]!,
  );
  const kernel = readFileSync('/proc/version', 'utf8').split(' ')[2]!.split('-')[0];
  return `${models.length} cores of ${models[0] ?? process.arch}, Linux ${kernel}, Node ${process.version}`;
}
