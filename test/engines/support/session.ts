import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AssayCatalog } from './assay-catalog.ts';
import { Tools } from './tools.ts';

const Session = z.object({
  tools: Tools,
  /** Where the lake, its contracts and the engines' own files are. */
  folder: z.string(),
  /** Address of the REST catalog. */
  rest: z.string(),
  /** The lake as `assay serve` gives it. */
  assay: AssayCatalog,
});
/** What all tests share. */
export type Session = z.infer<typeof Session>;

/** Name of the variable that holds the path of the session's file. */
export const SESSION_VARIABLE = 'ASSAY_ENGINES_SESSION';

/** The session of these tests; throws where they run without `npm run test:engines`. */
export function readSession(): Session {
  const file = process.env[SESSION_VARIABLE];
  if (file === undefined)
    throw new Error('No engine is installed: run these tests with npm run test:engines.');
  return Session.parse(JSON.parse(readFileSync(file, 'utf8')));
}
