import { z } from 'zod';
import { DataError } from '../errors.ts';
import type { PointerLayer } from '../naming/datasets.ts';
import { decisionsPrefix } from '../naming/decisions.ts';
import { runsPrefix } from '../naming/runs.ts';
import { metadataPrefix, pointerKey } from '../naming/tables.ts';
import type { ObjectStore } from '../ports.ts';
import { type ReadPointer, readPointer } from '../table/pointer.ts';

/** Decisions that are possible before the first publication; all others prove one. */
const BEFORE_FIRST: readonly string[] = [
  'refused',
  'files-refused',
  'readmitted',
  'files-readmitted',
  'adopted',
  'breaker-reset',
  'policy-set',
  'resolution-set',
];

const Recorded = z.looseObject({ status: z.string().optional(), kind: z.string().optional() });

/**
 * The current pointer; undefined before the first commit. Throws DataError `POINTER_LOST` where there is evidence of an
 * earlier one: published work must not be done again as if it were the first.
 */
export async function readKnownPointer(
  objects: ObjectStore,
  layer: PointerLayer,
  dataset: string,
): Promise<ReadPointer | undefined> {
  const read = await readPointer(objects, layer, dataset);
  if (read === undefined) await requireNeverPublished(objects, layer, dataset);
  return read;
}

/** Throws DataError `POINTER_LOST` where there is evidence that a missing pointer once existed. */
export async function requireNeverPublished(
  objects: ObjectStore,
  layer: PointerLayer,
  dataset: string,
): Promise<void> {
  const shown = await findEvidence(objects, layer, dataset);
  if (shown === undefined) return;
  const key = pointerKey(layer, dataset);
  throw new DataError(
    'POINTER_LOST',
    `${key} is missing, but ${shown}: nothing is done as if it were the first time. 'assay repair ${dataset} --dry-run' shows what can be restored, and with --reason it is.`,
    { context: { key, dataset } },
  );
}

/**
 * Evidence, in words, that a dataset or Gold table was published: metadata built on published metadata, a promoted run,
 * or a decision about published data. First metadata alone proves nothing: a killed first run leaves it, too.
 */
export async function findEvidence(
  objects: ObjectStore,
  layer: PointerLayer,
  dataset: string,
): Promise<string | undefined> {
  const table = layer === 'silver' ? 'source_files' : layer;
  const metadata = await objects.list(`${metadataPrefix(table, dataset)}/`);
  const later = metadata.find(({ key }) => isBuiltOnOther(key));
  if (later !== undefined) return `${later.key} was built on what it named`;
  if (layer !== 'silver') return undefined;
  const run = await findRecord(objects, runsPrefix(dataset), ({ status = '' }) =>
    ['promoted', 'nothing-published', 'rolled-back'].includes(status),
  );
  if (run !== undefined) return `${run} says that a run was published`;
  const decision = await findRecord(
    objects,
    decisionsPrefix(dataset),
    ({ kind = '' }) => !BEFORE_FIRST.includes(kind),
  );
  return decision === undefined ? undefined : `${decision} is a decision about what it published`;
}

/** `00001-….metadata.json`, or in old names `v2-….metadata.json`, and all that followed. */
function isBuiltOnOther(key: string): boolean {
  const [, old, number] = /\/(v?)(\d+)-[^/]*\.metadata\.json$/.exec(key) ?? [];
  return number !== undefined && Number(number) > (old === 'v' ? 1 : 0);
}

/** The key of the newest document under a prefix that meets a condition; their names begin with their moments. */
async function findRecord(
  objects: ObjectStore,
  prefix: string,
  isMeant: (document: z.infer<typeof Recorded>) => boolean,
): Promise<string | undefined> {
  const keys = (await objects.list(prefix)).map(({ key }) => key).filter((key) => key.endsWith('.json'));
  for (const key of keys.reverse()) {
    const stored = await objects.get(key);
    const parsed = stored === undefined ? undefined : parse(stored.body);
    if (parsed !== undefined && isMeant(parsed)) return key;
  }
  return undefined;
}

/** A record that is damaged shows nothing. */
function parse(body: Uint8Array): z.infer<typeof Recorded> | undefined {
  try {
    return Recorded.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    return undefined;
  }
}
