import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { TrinoTools } from '../../engines/support/tools.ts';

const Session = z.object({
  tools: TrinoTools,
  folder: z.string(),
  /** Trino's process. */
  pid: z.number(),
  /** Where Trino asks nobody who they are. */
  url: z.string(),
  /** Where an AWS API emulator answers. */
  cloud: z.string(),
  /** Where it asks for a user and a password. */
  securedUrl: z.string(),
  /** The file of the certificate that it shows there. */
  certificate: z.string(),
  user: z.string(),
  password: z.string(),
});
/** What all tests share. */
export type Session = z.infer<typeof Session>;

/** Name of the variable that holds the path of the session's file. */
export const SESSION_VARIABLE = 'ASSAY_SCALE_SESSION';

/** The session of these tests; throws where they run without `npm run test:scale`. */
export function readSession(): Session {
  const file = process.env[SESSION_VARIABLE];
  if (file === undefined) throw new Error('No Trino runs: run these tests with npm run test:scale.');
  return Session.parse(JSON.parse(readFileSync(file, 'utf8')));
}
