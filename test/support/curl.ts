// One HTTP exchange with real curl, as plain values: what a browser or a script would see.

import { run, SYSTEM_PATH } from './running.ts';

export interface CurlAnswer {
  readonly status: number;
  /** By lower-case name; of several the last one. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface CurlOptions {
  /** File of the network namespace that it is asked from; default: ours. */
  readonly network?: string;
}

/** @throws Error with what curl says, where no answer comes */
export async function curl(args: readonly string[], { network }: CurlOptions = {}): Promise<CurlAnswer> {
  const command = ['curl', '--silent', '--show-error', '--include', '--max-time', '20', ...args];
  const [program, ...rest] = network === undefined ? command : ['nsenter', `--net=${network}`, ...command];
  const { code, stdout, stderr } = await run(program!, rest, { env: { PATH: SYSTEM_PATH } });
  if (code !== 0) throw new Error(`curl ${args.join(' ')}: ${code} ${stderr}`);
  const [head = '', ...bodies] = stdout.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const fields = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  return {
    status: Number(first.split(' ')[1]),
    fields: Object.fromEntries(fields),
    body: bodies.join('\r\n\r\n'),
  };
}
