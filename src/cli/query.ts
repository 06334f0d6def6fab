// Placeholder until the command is written.
import { type Command, EXIT } from './command.ts';

export const query: Command = {
  name: 'query',
  summary: 'ask any server',
  help: '',
  run: async () => EXIT.OK,
};
