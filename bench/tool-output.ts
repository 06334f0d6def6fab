// What dnsperf and h2load print, read: how many answers, how many lost, and whether each was a good one. Pure.
// A load whose answers were not all NOERROR (or 2xx) measures something else, so that is an error, not a figure.

export interface LoadResult {
  readonly answers: number;
  readonly lost: number;
  readonly seconds: number;
}

/** @throws Error when it says nothing that counts, or an answer was not NOERROR */
export function readDnsperf(stdout: string): LoadResult {
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  const result = {
    answers: number(/Queries completed:\s+(\d+)/),
    lost: number(/Queries lost:\s+(\d+)/),
    seconds: number(/Run time \(s\):\s+([\d.]+)/),
  };
  if (Object.values(result).some(Number.isNaN))
    throw new Error(`dnsperf said nothing that counts: ${tail(stdout)}`);
  if (result.answers === 0) throw new Error('no answer at all');
  const codes = /Response codes:\s+(.*)/.exec(stdout)?.[1] ?? '';
  if (!/^NOERROR \d+ \(100(\.0+)?%\)$/.test(codes.trim()))
    throw new Error(`not every answer was NOERROR: ${codes}`);
  return result;
}

/** @throws Error when it says nothing that counts, or a request did not succeed */
export function readH2load(stdout: string, seconds: number): LoadResult {
  const counts = /requests: (\d+) total, \d+ started, (\d+) done, (\d+) succeeded/.exec(stdout);
  if (counts === null) throw new Error(`h2load said nothing that counts: ${tail(stdout)}`);
  const [total, done, succeeded] = counts.slice(1).map(Number) as [number, number, number];
  if (succeeded === 0) throw new Error('no answer at all');
  if (succeeded !== done) throw new Error(`${done - succeeded} of ${done} requests did not succeed`);
  return { answers: succeeded, lost: total - done, seconds };
}

/** Each answer's latency in microseconds out of `dnsperf -v`, whose lines are "> NOERROR name type seconds". */
export function readLatencies(text: string): number[] {
  const found: number[] = [];
  for (const match of text.matchAll(/^> \S+ \S+ \S+ (\d+\.\d+)$/gm)) found.push(Number(match[1]) * 1e6);
  return found;
}

function tail(text: string): string {
  return text.trim().slice(-300).replaceAll('\n', ' / ');
}
