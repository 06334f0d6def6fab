// `noonmark cache flush`: the running server forgets answers that it keeps, those to one name or all. The next question is
// asked of an upstream again; whoever has asked before keeps what it has until the TTL ends.

import { formatName, NameSyntaxError, parseName } from '../dns/names.ts';
import { plural } from '../status/words.ts';
import { type Command, EXIT, print, readArgs, UsageError } from './command.ts';
import { askServer, askServerOf, CONTROL_OPTIONS, printLines } from './control.ts';

const OPTIONS = { ...CONTROL_OPTIONS, below: { type: 'boolean' }, all: { type: 'boolean' } } as const;

export const cache: Command = {
  help: `Usage: noonmark cache flush NAME [--below] [--config FILE] [--json]
       noonmark cache flush --all [--config FILE] [--json]

Makes the running server forget the answers that it keeps for a name, of every type, failures and stale ones included.
Devices and browsers have caches of their own, which this does not reach.

  --below         names below NAME as well
  --all           every name
  --config FILE   the configuration of the server that is asked (default: the quick start's)
  --json          how many there were, as one JSON object

Exit codes: 0 when they are gone, were there any or not, 64 for a wrong command line, 69 when no server runs, 78 for a
bad configuration where none runs.`,

  async run(args) {
    const { values, positionals } = readArgs(args, OPTIONS, 2);
    const [action, name] = positionals;
    if (action !== 'flush') throw new UsageError('what can be done with the cache is `flush`');
    const wish = readWish(name, values);
    return askServerOf(values.config, async (stateDir) => {
      const path = `/control/flush-cache?${wish.params}`;
      const { flushed } = JSON.parse(await askServer(stateDir, 'POST', path)) as { flushed: number };
      if (values.json) print(JSON.stringify({ ...wish.said, flushed }, null, 2));
      else printLines([sentence(wish.said, flushed)]);
      return EXIT.OK;
    });
  },
};

interface Wish {
  /** As the answer of --json repeats it; the name in presentation form, null for all. */
  readonly said: { readonly name: string | null; readonly below: boolean };
  readonly params: URLSearchParams;
}

/** @throws UsageError */
function readWish(
  name: string | undefined,
  { all = false, below = false }: { readonly all?: boolean; readonly below?: boolean },
): Wish {
  if (all === (name !== undefined))
    throw new UsageError(all ? '--all takes no name' : 'the name is missing; --all means every name');
  if (all && below) throw new UsageError('--all takes no --below');
  if (name === undefined)
    return { said: { name: null, below: false }, params: new URLSearchParams({ all: '' }) };
  const said = { name: readName(name), below };
  return { said, params: new URLSearchParams({ name: said.name, ...(below ? { below: '' } : {}) }) };
}

/** @throws UsageError */
function readName(text: string): string {
  try {
    return formatName(parseName(text));
  } catch (error) {
    if (error instanceof NameSyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

function sentence({ name, below }: Wish['said'], flushed: number): string {
  const whose =
    name === null ? '' : ` for ${name.replace(/(?<=.)\.$/, '')}${below ? ' and names below it' : ''}`;
  if (flushed === 0) return `There was nothing in the cache${whose}.`;
  const gone = flushed === 1 ? 'is' : 'are';
  return `${plural(flushed, 'answer')}${whose} ${gone} forgotten.`;
}
