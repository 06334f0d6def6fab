// A .cpuprofile of V8, summed up: self time by place and by function, idleness left out. Pure. What V8 calls "(program)" is
// all that is not JavaScript: the kernel, OpenSSL, libuv.

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

export interface CpuProfile {
  /** Monotonic microseconds, of the same clock as process.hrtime(). */
  readonly startTime: number;
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

export interface Share {
  readonly what: string;
  /** Of all that is not idle. */
  readonly share: number;
}

const IDLE = new Set(['(idle)', '(root)']);
/** A Map, because functions may be called toString. */
const NATIVE: ReadonlyMap<string, string> = new Map([
  ['(program)', 'kernel, OpenSSL, libuv: all that is not JavaScript'],
  ['(garbage collector)', 'garbage collector'],
]);

/** Only what was sampled between two moments of process.hrtime(), in microseconds. */
export function between(profile: CpuProfile, fromUs: number, toUs: number): CpuProfile {
  let nowUs = profile.startTime;
  const kept = profile.timeDeltas.map((delta) => {
    nowUs += delta;
    return nowUs >= fromUs && nowUs <= toUs;
  });
  return {
    ...profile,
    samples: profile.samples.filter((_, at) => kept[at]),
    timeDeltas: profile.timeDeltas.filter((_, at) => kept[at]),
  };
}

/** Largest first. @param nameOf what a frame is counted under */
export function selfTimes(
  { nodes, samples, timeDeltas }: CpuProfile,
  nameOf: (frame: ProfileNode['callFrame']) => string,
): Share[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, number>();
  let total = 0;
  for (const [at, id] of samples.entries()) {
    const frame = frames.get(id)!;
    if (IDLE.has(frame.functionName)) continue;
    const name = nameOf(frame);
    times.set(name, (times.get(name) ?? 0) + timeDeltas[at]!);
    total += timeDeltas[at]!;
  }
  return [...times]
    .map(([what, time]) => ({ what, share: total === 0 ? 0 : time / total }))
    .sort((a, b) => b.share - a.share);
}

/** "src/dns", "Node, dgram", "package undici": where a frame belongs, roughly. */
export function placeOf({ functionName, url }: ProfileNode['callFrame']): string {
  const native = NATIVE.get(functionName);
  if (native !== undefined) return native;
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (packaged !== null) return `package ${packaged[1]}`;
  const own = /\/(src\/[^/]+)\//.exec(url);
  if (own !== null) return own[1]!;
  const ofNode = /^node:(?:internal\/)?(?:deps\/)?(\w+)/.exec(url);
  if (ofNode !== null) return `Node, ${ofNode[1]}`;
  return 'built-in functions of V8';
}

/** "src/dns/wire.ts layoutOf": one function. */
export function functionOf(frame: ProfileNode['callFrame']): string {
  const { functionName, url, lineNumber } = frame;
  if (url === '') return NATIVE.get(functionName) ?? functionName;
  const file = /(?:^|\/)(src\/.*|node_modules\/.*)$/.exec(url)?.[1] ?? url;
  return `${file}:${lineNumber + 1} ${functionName === '' ? '(anonymous)' : functionName}`;
}
