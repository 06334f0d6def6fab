// `noonmark query --explain`: asks the running server how it would answer a client: which links of its chain the
// question passed, which of them answered, and which list, zone or upstream that was. The server really looks it up.

import { isIP } from 'node:net';
import { typeName } from '../dns/codes.ts';
import { extendedErrorName } from '../dns/extended-error-name.ts';
import { formatName } from '../dns/names.ts';
import type { Explained } from '../resolver/explained.ts';
import { EXIT, print, UsageError } from './command.ts';
import { askServer, askServerOf, printLines } from './control.ts';
import type { QueryQuestion } from './query-question.ts';
import { columns, labelled } from './text-columns.ts';

export interface ExplainOptions {
  readonly config?: string | undefined;
  /** For whom it is asked; default: this host. */
  readonly client?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Resolves with the exit code. @throws UsageError */
export async function explainQuery(question: QueryQuestion, options: ExplainOptions): Promise<number> {
  const { client = '127.0.0.1' } = options;
  if (isIP(client) === 0) throw new UsageError(`--client takes an address, and "${client}" is none`);
  const params = new URLSearchParams({
    name: formatName(question.name),
    type: typeName(question.type),
    client,
  });
  return askServerOf(options.config, async (stateDir) => {
    const text = await askServer(stateDir, 'GET', `/api/explain?${params}`);
    const explained = JSON.parse(text) as Explained;
    if (options.json) print(JSON.stringify(explained, null, 2));
    else printLines(explainedLines(explained));
    return explained.rcode === 'NOERROR' || explained.rcode === 'NXDOMAIN' ? EXIT.OK : EXIT.FAILED;
  });
}

const PEOPLE: Readonly<Record<NonNullable<Explained['answeredBy']>, string>> = {
  guard: 'refused or answered at the door, without a look-up',
  local: 'answered by ourselves',
  filter: 'answered by the filter',
  degrade: 'treated apart, because the clock is untrusted',
  cache: 'answered from the cache',
  rebinding: 'decided by the protection against rebinding',
  forward: 'left to the upstreams',
};

export function explainedLines(explained: Explained): string[] {
  const { name, type, client, answeredBy, steps, rcode, answer, errors } = explained;
  const who = answeredBy === null ? 'no link of the chain said that it answered' : PEOPLE[answeredBy];
  return [
    `${name} ${type} for ${client}: ${rcode}, ${who}`,
    '',
    ...columns(
      steps.map(({ link, detail }) => [link, detail]),
      '  ',
    ),
    ...(steps.length === 0 ? [] : ['']),
    ...labelled([
      ...(answer.length === 0 ? [['answer', 'no records'] as const] : []),
      ...answer.map((record, at) => [at === 0 ? 'answer' : '', record] as const),
      ...errors.map(
        ({ code, text }) =>
          [`EDE ${code}`, [extendedErrorName(code), text].filter((part) => part !== '').join(': ')] as const,
      ),
    ]),
  ];
}
