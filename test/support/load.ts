// Clients that ask one question as fast as they are answered, and remember every answer that was wrong.

import type { Client } from './dns-client.ts';
import { makeQuery, readReply } from './dns-message.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME } from './noonmark.ts';

export interface Load {
  /** Stops asking. `wrong`: each answer that was not the right one, with the position of its client. */
  finish(): Promise<{ readonly asked: number; readonly wrong: readonly string[] }>;
}

/** Every client asks for INTERNAL_NAME until told to finish, or until its connection is closed. */
export function startLoad(clients: readonly Client[]): Load {
  let isOver = false;
  let asked = 0;
  const wrong: string[] = [];
  const loops = clients.map(async (client, at) => {
    while (!isOver) {
      const reply = await client.ask(makeQuery(INTERNAL_NAME));
      asked++;
      const answers = reply === null ? 'nothing' : readReply(reply).answers.join();
      if (answers !== `A ${INTERNAL_ADDRESS}`) wrong.push(`client ${at}: ${answers}`);
      if (client.isClosed) return;
    }
  });
  return {
    finish: async () => {
      isOver = true;
      await Promise.all(loops);
      return { asked, wrong };
    },
  };
}
