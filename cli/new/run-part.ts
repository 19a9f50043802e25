import { z } from 'zod';

const Printed = z.array(
  z.object({ runId: z.string().nullable(), status: z.string(), why: z.array(z.string()) }),
);

/** What `new dataset --json` says of its first run. */
export type RunPart = z.infer<typeof Printed>[number];

/** The run that `run --json` printed; nothing where it printed none. */
export function runPartOf(printed: string): { readonly run?: RunPart } {
  const [run] = printed === '' ? [] : Printed.parse(JSON.parse(printed));
  return run === undefined ? {} : { run };
}
