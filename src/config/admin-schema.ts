// What may be written under `admin`: who may see the pages, and what proves it. A part of schema.ts; rules between these
// keys and `listen.admin` are in admin-rules.ts. Secrets stand in files of their own, never here.

import { z } from 'zod';
import { choice, filePath } from './schema-forms.ts';

export const admin = z
  .strictObject({
    password_file: filePath(
      'A file with one line that `noonmark password` makes; who knows the password may see and change everything',
    ).optional(),
    token_file: filePath(
      'A file with a bearer token of at least 32 characters, for scrapers and scripts',
    ).optional(),
    loopback: choice(['open', 'closed'], {
      description: 'Whether this host itself, over loopback addresses, needs neither password nor token',
      default: 'open',
    }),
  })
  .optional()
  .describe('Who may see the pages of `listen.admin`');
