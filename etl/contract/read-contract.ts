import { isByArrival } from './arrival-month.ts';
import {
  checkFileColumns,
  checkHeaders,
  checkKey,
  checkMadeColumns,
  checkMeasures,
  checkNames,
  checkPartition,
  checkTotalRow,
  checkZoneColumns,
} from './check-columns.ts';
import { checkFormat } from './check-format.ts';
import type { Contract, ContractBase, EventColumns, RecordRule, SourceContract } from './contract.ts';
import {
  ASSAY_PROPERTIES,
  type CustomValues,
  isForLayer,
  readCustomProperties,
} from './custom-properties.ts';
import { readProtection } from './dataset-protection.ts';
import { contractDigest } from './digest.ts';
import { asList, choice, isMap, readFields, readValue, refuseUnknown } from './fields.ts';
import { CONTRACT_FIELDS, OBJECT_FIELDS } from './odcs-fields.ts';
import { type ContractProblem, collectProblems, type Path, type Problems, pathText } from './problems.ts';
import { readRecordRules } from './quality.ts';
import { type ColumnDraft, readColumn } from './read-column.ts';
import { readDeprecation } from './read-deprecation.ts';
import { atOfEvents, checkEventKey, readEvents } from './read-events.ts';
import { readGoldSettings } from './read-gold.ts';
import { HEADER, readHead } from './read-head.ts';
import { readProduct } from './read-product.ts';
import { readProjectionSettings } from './read-projection.ts';
import { readSourceSettings } from './read-settings.ts';
import { readUpkeep } from './read-upkeep.ts';
import { readYaml } from './yaml-source.ts';

/** A place in a contract that must be checked against other contracts. */
type Place = Pick<ContractProblem, 'file' | 'line' | 'path'>;

/** A contract, or everything that is wrong with it; `dataset` is known where its two names could be read. */
export type ReadResult =
  | {
      readonly kind: 'contract';
      readonly dataset: string;
      readonly contract: Contract;
      readonly places: { readonly name: Place; readonly inputs: Place };
      /** What the standard requires and Assay does not: nothing that stops a run. */
      readonly gaps: readonly ContractProblem[];
    }
  | {
      readonly kind: 'invalid';
      readonly dataset: string | undefined;
      readonly problems: readonly ContractProblem[];
    };

/** Reads one contract file without throwing. */
export function readContract(file: string, text: string): ReadResult {
  const yaml = readYaml(file, text);
  if (yaml.kind === 'broken') return { kind: 'invalid', dataset: undefined, problems: yaml.problems };
  const problems = collectProblems(file, yaml.source.lineOf);
  const { contract, inputs } = readDocument(yaml.source.value, file, problems);
  const dataset = contract.name === '' || contract.domain === '' ? undefined : contract.dataset;
  if (problems.list.length > 0 || dataset === undefined) {
    return { kind: 'invalid', dataset, problems: inOrder(problems.list) };
  }
  const place = (path: Path): Place => ({ file, line: yaml.source.lineOf(path), path: pathText(path) });
  return {
    kind: 'contract',
    dataset,
    contract,
    places: { name: place(['name']), inputs: place(inputs) },
    gaps:
      isMap(yaml.source.value) && 'status' in yaml.source.value
        ? []
        : [{ ...place(['status']), ...NO_STATUS }],
  };
}

const NO_STATUS = {
  message: 'is missing; other tools of the standard refuse a contract without it: write e.g. status: active',
};

/** By line, as a person works through the file. */
const inOrder = (problems: readonly ContractProblem[]): ContractProblem[] =>
  [...problems].sort((a, b) => a.line - b.line);

const SCHEMA: Path = ['schema', 0];

function readDocument(
  value: unknown,
  file: string,
  problems: Problems,
): { contract: Contract; inputs: Path } {
  const hint = 'own fields go under customProperties';
  refuseUnknown(value, CONTRACT_FIELDS, [], { problems, hint });
  const document = isMap(value) ? value : {};
  const head = readHead(readFields(HEADER, value, [], problems), document, problems);
  const object = isMap(value) ? readObject(document.schema, problems) : undefined;
  const custom = readCustomProperties(
    [
      { value: document.customProperties, path: ['customProperties'] },
      { value: object?.customProperties, path: [...SCHEMA, 'customProperties'] },
    ],
    'contract',
    problems,
  );
  const layer = readLayer(custom, problems);
  const { drafts, rules } = readTable(object, problems);
  if (object !== undefined) checkNames(drafts, layer, problems);
  const events = layer === 'silver' ? readEvents(custom, drafts, problems) : undefined;
  const key = readKey(custom, drafts, { events, problems });
  if (layer === 'silver') {
    checkHeaders(drafts, problems);
    checkZoneColumns(drafts, problems);
  } else checkMadeColumns(drafts, problems);
  const partitionColumn = object === undefined ? '' : readPartition(custom, drafts, { layer, problems });
  const columns = drafts.map(({ column }) => column);
  const upkeep = readUpkeep(custom, problems);
  const told = { ...readDeprecation(custom, document, problems), ...readProduct(custom, layer, problems) };
  const common = { ...head, file, columns, key, partitionColumn, rules, ...upkeep, ...told };
  const contract = readOfLayer(layer, common, { drafts, custom, document, events, problems });
  const inputs = custom.get('assay.inputs')?.path ?? [];
  return { contract: { ...contract, digest: contractDigest(contract) }, inputs };
}

/** What a contract of any layer says. */
type Common = Omit<ContractBase, 'digest'>;

/** What is read of a contract beside that, and from where. */
interface Read {
  readonly drafts: readonly ColumnDraft[];
  readonly custom: CustomValues;
  readonly document: Readonly<Record<string, unknown>>;
  readonly events: EventColumns | undefined;
  readonly problems: Problems;
}

function readOfLayer(layer: Contract['layer'], common: Common, read: Read): Contract {
  const { drafts, custom, events, problems } = read;
  const base = { ...common, digest: '' };
  if (layer === 'gold')
    return { ...base, layer, ...readGoldSettings({ custom, at: SCHEMA, ...common }, problems) };
  if (layer === 'projection')
    return { ...base, layer, ...readProjectionSettings({ custom, at: SCHEMA, ...common }, problems) };
  return readProtection(
    { ...base, layer, ...readSource(custom, drafts, problems), ...eventsPart(events) },
    read,
  );
}

function readObject(schema: unknown, problems: Problems): Readonly<Record<string, unknown>> | undefined {
  const objects = asList(schema, ['schema'], problems);
  const [first] = objects;
  if (schema === undefined || (Array.isArray(schema) && objects.length !== 1)) {
    const count = schema === undefined ? 'is missing' : `has ${objects.length} objects`;
    problems.add(['schema'], `${count}; write exactly one: a contract describes one table`);
  }
  if (first === undefined) return undefined;
  const hint = 'own fields go under customProperties';
  refuseUnknown(first, OBJECT_FIELDS, SCHEMA, { problems, hint });
  if (!isMap(first)) {
    problems.add(SCHEMA, 'is not a map; write name and properties');
    return undefined;
  }
  return first;
}

interface Table {
  readonly drafts: readonly ColumnDraft[];
  readonly rules: readonly RecordRule[];
}

function readTable(object: Readonly<Record<string, unknown>> | undefined, problems: Problems): Table {
  if (object === undefined) return { drafts: [], rules: [] };
  const path = [...SCHEMA, 'properties'];
  const properties = asList(object.properties, path, problems);
  if (properties.length === 0) problems.add(path, 'lists no columns; write one entry a column');
  const drafts = properties.flatMap((property, i) => readColumn(property, [...path, i], problems) ?? []);
  return { drafts, rules: readRecordRules(object.quality, [...SCHEMA, 'quality'], problems) };
}

/** The key's columns; of events they are stream and version, whether columns say `primaryKey` or not. */
function readKey(
  custom: CustomValues,
  drafts: readonly ColumnDraft[],
  { events, problems }: { readonly events: EventColumns | undefined; readonly problems: Problems },
): readonly string[] {
  if (drafts.length === 0) return [];
  if (custom.has('assay.events') && !drafts.some(({ isKey }) => isKey))
    return events === undefined ? [] : [events.stream, events.version];
  const key = checkKey(drafts, { at: SCHEMA, isRecordKey: custom.has('assay.key') }, problems);
  return events === undefined ? key : checkEventKey(key, events, { path: SCHEMA, problems });
}

const eventsPart = (events: EventColumns | undefined): Pick<SourceContract, 'events'> =>
  events === undefined ? {} : { events };

const LAYER = choice(['silver', 'gold', 'projection']);

/** The layer; properties of other layers are problems. */
function readLayer(custom: CustomValues, problems: Problems): Contract['layer'] {
  const given = custom.get('assay.layer');
  const layer = given === undefined ? 'silver' : readValue(LAYER, given.value, given.path, problems);
  if (layer === undefined) return custom.has('assay.sql') ? 'gold' : 'silver';
  for (const [name, { path }] of custom) {
    if (!isForLayer(name, layer)) {
      problems.add(
        path.slice(0, -1),
        `gives ${name}, which is for ${ASSAY_PROPERTIES[name]} contracts; this one is ${layer}: remove it`,
      );
    }
  }
  return layer;
}

function readPartition(
  custom: CustomValues,
  drafts: readonly ColumnDraft[],
  { layer, problems }: { readonly layer: Contract['layer']; readonly problems: Problems },
): string {
  const at = atOfEvents(custom);
  if (at !== undefined) return at;
  const given = custom.get('assay.partitionColumn');
  if (layer === 'projection') {
    if (given !== undefined)
      problems.add(
        given.path,
        'names a column whose month would partition the table, but a projection has no partitions: remove it',
      );
    return '';
  }
  if (given === undefined || typeof given.value !== 'string') {
    const path = given?.path ?? [...SCHEMA, 'customProperties', 'assay.partitionColumn'];
    problems.add(
      path,
      'is missing; write the date or timestamp column whose month partitions the table, or arrived_at where the files have none',
    );
    return '';
  }
  const columns = drafts.map(({ column }) => column);
  if (isByArrival({ layer, partitionColumn: given.value, columns })) return given.value;
  checkPartition(drafts, { name: given.value, path: given.path }, problems);
  return given.value;
}

function readSource(
  custom: CustomValues,
  drafts: readonly ColumnDraft[],
  problems: Problems,
): ReturnType<typeof readSourceSettings> {
  const settings = readSourceSettings(custom, problems);
  const { measures, csv } = settings;
  checkMeasures(drafts, measures, { path: custom.get('assay.measures')?.path ?? [], problems });
  const csvPath = custom.get('assay.csv')?.path ?? [];
  checkFormat(csv.format, drafts, { custom, problems });
  if (csv.columns !== undefined) checkFileColumns(drafts, csv.columns, [...csvPath, 'columns'], problems);
  if (csv.totalRowColumn !== undefined) {
    const path = [...csvPath, 'totalRow', 'column'];
    checkTotalRow(drafts, measures, { name: csv.totalRowColumn, path }, problems);
  }
  return settings;
}
