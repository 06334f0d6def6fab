// What an admin listener or control socket of a test answers from: a Status from the shelf, and nothing that is done.

import type { AdminSubject } from '../../src/admin/admin-answer.ts';
import { synchronized } from './statuses.ts';

export function adminSubject(parts: Partial<AdminSubject> = {}): AdminSubject {
  return {
    status: () => synchronized,
    forgetStamp: async () => 'forgotten',
    flushCache: () => 0,
    renewCertificate: async () => ({ ok: true, sentence: 'renewed' }),
    explainName: async () => {
      throw new Error('this test explains nothing');
    },
    ...parts,
  };
}
