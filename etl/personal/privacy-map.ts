import type {
  Contract,
  ContractColumn,
  GoldContract,
  ProjectionContract,
  SourceContract,
} from '../contract/contract.ts';
import { foldedColumns } from '../contract/folded-columns.ts';
import { isOpen } from '../contract/open-columns.ts';
import { isSealedColumn } from '../contract/table-columns.ts';
import type { Engine } from '../engine/engine.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import { bindMonths } from '../gold/bind-months.ts';
import { goldOrigins } from '../gold/gold-origins.ts';
import type { PointerLayer } from '../naming/datasets.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { protectionOf, subjectOf } from '../privacy/protection.ts';
import type { VaultPeriod } from '../privacy/vault.ts';
import { protectedContracts } from './asked-subject.ts';
import { contractsOfPeople } from './contracts-of-people.ts';

/** A column with personal data, or with what stands for it. */
export interface MappedColumn {
  readonly dataset: string;
  readonly layer: PointerLayer;
  /** Where its values or envelopes stand; nowhere where they are dropped. */
  readonly layers: readonly string[];
  readonly column: string;
  readonly as: 'encrypted' | 'pseudonym' | 'dropped' | 'clear' | 'unprotected';
  readonly group: string | null;
  readonly subject: { readonly column: string; readonly kind: string } | null;
  /** How long values stay readable, e.g. `6 y`; null: until somebody has them destroyed. */
  readonly retention: string | null;
  /** The column that it counts from. */
  readonly countedFrom: string | null;
  /** Who can read the values, and how. */
  readonly readable: string;
  /** Months of which the vault has a key, so that values can be read at all; null where no key is needed. */
  readonly months: { readonly first: string; readonly last: string; readonly count: number } | null;
  /** Of a column of Gold or of a projection: the protected columns that its values come from, or may come from. */
  readonly from: readonly string[];
}

/** Every column of the contracts with personal data, protected or not, and every column of Gold and projections that is made of one. */
export async function privacyMap(effects: Effects): Promise<MappedColumn[]> {
  const { contracts } = await contractsOfPeople(effects);
  const sources = protectedContracts(contracts.values());
  const periods = sources.length === 0 ? [] : ((await effects.vault?.periods()) ?? []);
  const mapped = sources.flatMap((contract) => mapSource(contract, periods));
  const folded = [...contracts.values()].flatMap((one) =>
    one.layer === 'projection' ? mapProjection(one, { contracts, mapped }) : [],
  );
  const golds = [...contracts.values()].filter((one) => one.layer === 'gold');
  const isMade = (gold: GoldContract): boolean =>
    gold.inputs.some((input) => sources.some(({ dataset }) => dataset === input));
  const made = golds.filter(isMade);
  if (made.length === 0) return [...mapped, ...folded];
  return await withScratchEngine(effects, 'privacy', async (engine) => {
    const all = [...mapped];
    for (const gold of made) all.push(...(await mapGold(effects, engine, { gold, contracts, mapped })));
    return [...all, ...folded];
  });
}

function mapSource(contract: SourceContract, periods: readonly VaultPeriod[]): MappedColumn[] {
  return contract.columns.flatMap((column) => {
    const as = column.protect?.as ?? (column.classification === 'personal' ? 'unprotected' : undefined);
    return as === undefined ? [] : [mapColumn(contract, column, { as, periods })];
  });
}

const STORED = ['bronze', 'silver', 'quarantine', 'condemned'];

function mapColumn(
  contract: SourceContract,
  column: ContractColumn,
  { as, periods }: { readonly as: MappedColumn['as']; readonly periods: readonly VaultPeriod[] },
): MappedColumn {
  const { dataset, retention, partitionColumn } = contract;
  const { protect, name } = column;
  const group = protect !== undefined && 'group' in protect ? protect.group : null;
  const isSealed = isSealedColumn(column);
  return {
    ...{ dataset, layer: 'silver', layers: as === 'dropped' ? [] : STORED, column: name, as, group },
    subject: subjectOf(protectionOf(contract), name) ?? null,
    retention:
      retention === undefined || !isSealed
        ? null
        : [retention.level.value, retention.level.unit].join(' ').trim(),
    countedFrom: retention === undefined || !isSealed ? null : (retention.element ?? partitionColumn),
    readable: readableOf(column),
    months:
      as === 'encrypted'
        ? monthsOf(periods.filter((one) => one.dataset === dataset && one.group === group))
        : null,
    from: [],
  };
}

function readableOf({ protect }: ContractColumn): string {
  if (protect === undefined) return 'by everyone who may see personal columns';
  if (protect.as === 'clear') return `by everyone who may see the column: ${protect.reason}`;
  if (protect.as === 'dropped') return 'nowhere: it is dropped before it is stored';
  if (protect.as === 'pseudonym') return 'nowhere: a reference stands for it';
  return `with the data group ${protect.group}`;
}

function monthsOf(periods: readonly VaultPeriod[]): MappedColumn['months'] {
  const months = [...new Set(periods.map(({ period }) => `${period.slice(0, 4)}-${period.slice(4)}`))].sort();
  const [first, last] = [months[0], months.at(-1)];
  return first === undefined || last === undefined ? null : { first, last, count: months.length };
}

interface Mapping {
  readonly gold: GoldContract;
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly mapped: readonly MappedColumn[];
}

/** The columns of a Gold table whose values come from protected ones, as far as its SQL can be followed; else from all that it may read. */
async function mapGold(
  effects: Effects,
  engine: Engine,
  { gold, contracts, mapped }: Mapping,
): Promise<MappedColumn[]> {
  const query = bindMonths(await effects.contracts.sql(gold.sql), { from: 0, to: 0 });
  const found = await goldOrigins(engine, gold, { query, contracts });
  return [...found].flatMap(([column, origins]) =>
    mapMade(mapped, { ...gold, column, origins: [...origins] }),
  );
}

/** A column that is made of others, which may be protected ones. */
interface MadeColumn extends Pick<GoldContract | ProjectionContract, 'dataset' | 'layer'> {
  readonly column: string;
  readonly origins: readonly string[];
}

function mapMade(
  mapped: readonly MappedColumn[],
  { dataset, layer, column, origins }: MadeColumn,
): MappedColumn[] {
  const sources = new Map(mapped.map((one) => [`${tableName('silver', one.dataset)}.${one.column}`, one]));
  const from = [...new Set(origins)].filter((origin) => sources.has(origin)).sort();
  const [one] = from.flatMap((origin) => sources.get(origin) ?? []);
  const groups = [...new Set(from.flatMap((origin) => sources.get(origin)?.group ?? []))];
  return one === undefined
    ? []
    : [{ ...one, dataset, layer, layers: [layer], column, group: groups.join(', ') || null, from }];
}

/**
 * The columns of a projection into which protected ones go. Where code puts them nobody can tell: it may be any text that
 * is neither public nor internal, for in others no such value is taken.
 */
function mapProjection(
  projection: ProjectionContract,
  { contracts, mapped }: Pick<Mapping, 'contracts' | 'mapped'>,
): MappedColumn[] {
  const source = contracts.get(projection.inputs[0]);
  if (source?.layer !== 'silver') return [];
  const nameOf = (name: string): string => `${tableName('silver', source.dataset)}.${name}`;
  const known = foldedColumns(projection, source);
  return projection.columns.flatMap((column) => {
    const certain = known.filter(({ to }) => to.name === column.name).map(({ from }) => nameOf(from.name));
    const isAny = projection.fold.kind === 'code' && column.type.kind === 'string' && !isOpen(column);
    const any = source.columns.filter(isSealedColumn).map(({ name }) => nameOf(name));
    const origins = certain.length > 0 ? certain : isAny ? any : [];
    return mapMade(mapped, { ...projection, column: column.name, origins });
  });
}
