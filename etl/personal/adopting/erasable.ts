import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../contract/load-contracts.ts';
import { ConfigError } from '../../errors.ts';
import { bronzePrefix, isSealed, objectKeyOf } from '../../naming/bronze.ts';
import { restatementsPrefix } from '../../naming/closings.ts';
import { datasetPath, type Layer, schemaVersion } from '../../naming/datasets.ts';
import {
  correctionsPrefix,
  releaseRequestsPrefix,
  releasesPrefix,
  retriesPrefix,
} from '../../naming/decisions.ts';
import { migrationsPrefix } from '../../naming/generations.ts';
import { heldPrefix, repeatsPrefix, runsPrefix, stagingPrefix } from '../../naming/runs.ts';
import { pointerKey, tableRoot } from '../../naming/tables.ts';
import { DIGESTS_PREFIX } from '../../naming/upkeep.ts';
import type { Effects } from '../../ports.ts';
import { isProtected, protectionOf } from '../../privacy/protection.ts';
import { isPublished, readAdoption } from '../../stages/adopted-files.ts';
import type { Adoption } from '../../stages/migration-documents.ts';
import { RunInput } from '../../stages/stage.ts';
import { generationOf, nextGeneration } from '../../table/generations.ts';
import { type Pointer, readPointer } from '../../table/pointer.ts';
import { reportsOn } from './reports-on.ts';

/** What is asked to be removed for an adoption: some objects with their versions, or every earlier version there is. */
export const EraseRequest = z.discriminatedUnion('kind', [
  RunInput.extend({ kind: z.literal('objects'), keys: z.array(z.string().min(1)).max(1000) }),
  RunInput.extend({ kind: z.literal('history') }),
]);
export type EraseRequest = z.infer<typeof EraseRequest>;

const LAYERS: readonly Layer[] = ['silver', 'quarantine', 'condemned', 'source_files'];

/** The tables that a report has. */
const TABLES_OF = { gold: ['gold'], projection: ['projection', 'projection_state'] } as const;

/**
 * Checks what is to be removed for an adoption, by what the deployed contract and the lake say and not by who asks. Returns
 * the prefixes of the keys under which the dataset, and the reports on it, may have stood in the clear. Throws ConfigError
 * `NOT_ERASABLE` where the dataset isn't protected, where no adoption of it is under way whose tables are published, or
 * where a key is not one of its clear objects: of Bronze only what was sealed under a key that is there, or discarded.
 */
export async function requireErasable(
  effects: Pick<Effects, 'objects' | 'contracts'>,
  request: EraseRequest,
): Promise<readonly string[]> {
  const { dataset, runId } = request;
  const loaded = await loadContracts(effects.contracts);
  const contract = requireSourceContract(loaded, dataset);
  if (!isProtected(protectionOf(contract))) throw refuse(request, 'its deployed contract protects no column');
  const adoption = await readAdoption(effects, { dataset, runId });
  if (adoption === undefined) throw refuse(request, `no adoption ${runId} of it is under way`);
  const pointer = (await readPointer(effects.objects, 'silver', dataset))?.pointer;
  if (!isPublished(adoption, pointer))
    throw refuse(request, `the tables of adoption ${runId} are not published`);
  const reports = reportsOn(loaded, dataset);
  if (request.kind === 'objects')
    await requireClear(effects, request, {
      adoption,
      pointer,
      may: removable(dataset, { pointer, reports }),
    });
  return await historyOf(effects, dataset, { pointer, reports });
}

/** What adopting removes by key beside source files. */
function removable(dataset: string, { pointer, reports }: Standing): readonly string[] {
  return [
    ...LAYERS.flatMap((layer) => tablePrefixes(layer, dataset, pointer)),
    stagingPrefix(dataset),
    repeatsPrefix(dataset),
    migrationsPrefix(dataset),
    retriesPrefix(dataset),
    ...reports.map((report) => `${restatementsPrefix()}${datasetPath(report.dataset)}/`),
  ];
}

/** Beside that, all of which earlier versions hold what was before: documents that are written over, and reports. */
async function historyOf(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
  standing: Standing,
): Promise<readonly string[]> {
  const own = [runsPrefix, heldPrefix, correctionsPrefix, releasesPrefix, releaseRequestsPrefix];
  const prefixes = [
    bronzePrefix(dataset),
    `${DIGESTS_PREFIX}${bronzePrefix(dataset)}`,
    ...removable(dataset, standing),
    ...own.map((prefixOf) => prefixOf(dataset)),
  ];
  for (const { layer, dataset: report } of standing.reports) {
    const made = (await readPointer(objects, layer, report))?.pointer;
    prefixes.push(...TABLES_OF[layer].flatMap((table) => tablePrefixes(table, report, made)));
  }
  return prefixes;
}

/** How a dataset stands. */
interface Standing {
  readonly pointer: Pointer | undefined;
  /** The Gold tables and projections that are made from it. */
  readonly reports: ReturnType<typeof reportsOn>;
}

interface Clearing {
  readonly adoption: Adoption;
  readonly pointer: Pointer | undefined;
  readonly may: readonly string[];
}

async function requireClear(
  { objects }: Pick<Effects, 'objects'>,
  request: Extract<EraseRequest, { kind: 'objects' }>,
  { adoption, pointer, may }: Clearing,
): Promise<void> {
  const { dataset, keys } = request;
  const there = new Set((await objects.list(bronzePrefix(dataset))).map(({ key }) => key));
  const sealed = sealedObjects(adoption, there);
  const isNeeded = readersNeed(dataset, pointer);
  const isClear = (key: string): boolean =>
    isBronze(key) ? sealed.has(key) : isBelow(key, may) && !isNeeded(key);
  const other = keys.find((key) => !isClear(key));
  if (other !== undefined) throw refuse(request, `${other} is none of its objects in the clear`);
}

const isBelow = (key: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => key.startsWith(prefix));

const refuse = ({ dataset, runId }: EraseRequest, why: string): ConfigError =>
  new ConfigError(
    'NOT_ERASABLE',
    `Nothing of ${dataset} is removed: ${why}. 'assay privacy adopt ${dataset}' seals first, and removes afterwards.`,
    { context: { dataset, runId } },
  );

/** Clear objects of Bronze whose files are all sealed under keys that are there, or were let go by a person. */
function sealedObjects({ files, discarded }: Adoption, there: ReadonlySet<string>): ReadonlySet<string> {
  const lost = new Set(
    files.filter(({ to }) => isBronze(to) && !there.has(to)).map(({ from }) => objectKeyOf(from)),
  );
  const named = [...files.map(({ from }) => from), ...discarded.map(({ key }) => key)].map(objectKeyOf);
  return new Set(named.filter((key) => !lost.has(key) && !isSealed(key)));
}

const isBronze = (key: string): boolean => key.startsWith('bronze/');

/** Whether readers of now need an object: the pointer, the tables that it names, and their seals. */
function readersNeed(dataset: string, pointer: Pointer | undefined): (key: string) => boolean {
  if (pointer === undefined) return (key) => key === pointerKey('silver', dataset);
  const tables = LAYERS.map((layer) => `${tableRoot(layer, dataset, generationOf(pointer))}/`);
  const seals = `${tableRoot('silver', dataset)}/schema_v=${schemaVersion(pointer.contract_version)}/`;
  return (key) => key === pointerKey('silver', dataset) || isBelow(key, [...tables, seals]);
}

/** The folders of a table, of every generation that there ever was. */
function tablePrefixes(layer: Layer, dataset: string, pointer: Pointer | undefined): string[] {
  const last = pointer === undefined ? 1 : nextGeneration(pointer) - 1;
  return Array.from({ length: last }, (_, n) => `${tableRoot(layer, dataset, n + 1)}/`);
}
