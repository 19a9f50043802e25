import { readdir, readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

const SPEC = new URL('./spec/', import.meta.url);

const Facets = z.record(z.string(), z.looseObject({ _producer: z.url(), _schemaURL: z.url() })).default({});
const Dataset = z.looseObject({
  namespace: z.string(),
  name: z.string(),
  facets: Facets,
  inputFacets: Facets,
  outputFacets: Facets,
});

/** A run event, as far as tests look at it. */
export const LineageEvent = z.looseObject({
  eventType: z.string(),
  run: z.object({ runId: z.uuid(), facets: Facets }),
  job: z.object({ namespace: z.string(), name: z.string(), facets: Facets }),
  inputs: z.array(Dataset),
  outputs: z.array(Dataset),
});
export type LineageEvent = z.infer<typeof LineageEvent>;

/** What events did: `COMPLETE shop.sales`. */
export const kindsOf = (events: readonly LineageEvent[]): string[] =>
  events.map(({ eventType, job }) => `${eventType} ${job.name}`);

/** Everything that the standard's schemas have against an event and its facets, each by the schema that it names. */
export async function readSpec(): Promise<(event: unknown) => unknown[]> {
  const ajv = new Ajv2020({ strict: false });
  (addFormats as unknown as (one: Ajv2020) => void)(ajv);
  for (const name of await readdir(SPEC))
    if (name.endsWith('.json'))
      ajv.addSchema(JSON.parse(await readFile(new URL(name, SPEC), 'utf8')) as object);
  const errorsOf = (url: string, value: unknown): unknown[] => {
    const validate = ajv.compile({ $ref: url });
    return validate(value) ? [] : [{ url, errors: validate.errors }];
  };
  return (event) => {
    const { run, job, inputs, outputs } = LineageEvent.parse(event);
    const sets = [...inputs, ...outputs].flatMap((one) => [one.facets, one.inputFacets, one.outputFacets]);
    const facets = [run.facets, job.facets, ...sets].flatMap((one) => Object.entries(one));
    return [
      ...errorsOf('https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent', event),
      ...facets.flatMap(([name, value]) =>
        errorsOf(value._schemaURL, name.startsWith('assay_') ? value : { [name]: value }[name]),
      ),
    ];
  };
}
