import type { Contract, Deprecation, Product, ServiceLevel } from '../contract/contract.ts';
import type { LoadedContracts } from '../contract/load-contracts.ts';
import { ConfigError } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import { isOver } from '../operations/past-its-end.ts';
import { contractWords } from './contract-words.ts';

/** A contract of a table that is published as a product. */
export type ProductContract = Contract & { readonly product: Product };

/** A dataset that a product is made of. */
export interface ProductInput {
  readonly dataset: string;
  readonly version: string;
  readonly contractId: string;
}

/** Who may read a product, as roles. */
export interface RoleAccess {
  /** Roles that see its rows. */
  readonly roles: readonly string[];
  /** Those of them that see ••• in the place of personal and confidential values. */
  readonly maskedFor: readonly string[];
}

/** A data product: a table, whose it is, what it promises, and who may read it. */
export interface DataProduct {
  readonly dataset: string;
  readonly layer: Contract['layer'];
  /** As SQL names it. */
  readonly table: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly version: string;
  readonly contractId: string;
  readonly status: string;
  readonly promises: readonly ServiceLevel[];
  readonly deprecated: Deprecation | null;
  readonly documentation: readonly string[];
  readonly support: { readonly channel: string; readonly url: string } | null;
  readonly access: RoleAccess & {
    /** Where it is asked for. */
    readonly ask: string | null;
    /** Columns whose values are personal or confidential. */
    readonly sensitiveColumns: readonly string[];
    /** Whose members may open what is sealed in it. */
    readonly dataGroups: readonly string[];
  };
  readonly inputs: readonly ProductInput[];
}

/** The roles that may read the tables of a layer. */
export type AccessOf = (
  layer: Contract['layer'],
) => Readonly<Record<'roles' | 'seesValues', readonly string[]>>;

/** Whether a contract's table is published as a product. */
export const isProduct = (contract: Contract): contract is ProductContract => contract.product !== undefined;

/** The contracts of all products, by name. */
export const productContracts = ({ contracts }: LoadedContracts): ProductContract[] =>
  [...contracts.values()].filter(isProduct);

/** The contract of a product. Throws ConfigError `NO_PRODUCT` where no table of that name is one. */
export function requireProduct(loaded: LoadedContracts, dataset: string): ProductContract {
  const contract = loaded.contracts.get(dataset);
  if (contract !== undefined && isProduct(contract)) return contract;
  const names = productContracts(loaded).map((one) => one.dataset);
  const what = contract === undefined ? 'has no contract' : 'is none';
  const there = names.length === 0 ? 'There is none yet' : `There are ${names.join(', ')}`;
  throw new ConfigError(
    'NO_PRODUCT',
    `${dataset} ${what}: a data product is a Gold table or a projection whose contract has assay.product. ${there}.`,
    { context: { dataset } },
  );
}

/** What there is to say of a product, by contracts alone. */
export function dataProduct(
  contract: ProductContract,
  loaded: LoadedContracts,
  { now, accessOf }: { readonly now: Date; readonly accessOf: AccessOf },
): DataProduct {
  const { dataset, layer, description, owner, version, product, deprecated } = contract;
  const { id, status } = contractWords(dataset, loaded.texts.get(dataset));
  const { roles, seesValues } = accessOf(layer);
  const sensitive = contract.columns.filter(
    ({ classification }) => classification === 'personal' || classification === 'confidential',
  );
  return {
    ...{ dataset, layer, description, owner, version },
    table: tableName(layer, dataset),
    title: product.title ?? dataset,
    contractId: id,
    status:
      deprecated === undefined ? (status ?? 'active') : isOver(deprecated, now) ? 'retired' : 'deprecated',
    promises: contract.sla ?? [],
    deprecated: deprecated ?? null,
    documentation: product.documentation,
    support: product.support ?? null,
    access: {
      roles,
      maskedFor: sensitive.length === 0 ? [] : roles.filter((role) => !seesValues.includes(role)),
      ask: product.access ?? null,
      sensitiveColumns: sensitive.map(({ name }) => name),
      dataGroups: sensitive.length === 0 ? [] : groupsOf(contract, loaded),
    },
    inputs: inputsOf(contract).map((input) => ({
      dataset: input,
      version: loaded.contracts.get(input)?.version ?? '',
      contractId: contractWords(input, loaded.texts.get(input)).id,
    })),
  };
}

const inputsOf = (contract: Contract): readonly string[] =>
  contract.layer === 'silver' ? [] : contract.inputs;

/** Data groups of the inputs' sealed columns: what is sealed there stays so in what is made of it. */
function groupsOf(contract: Contract, { contracts }: LoadedContracts): string[] {
  const groups = inputsOf(contract).flatMap((input) => {
    const source = contracts.get(input);
    if (source?.layer !== 'silver') return [];
    return source.columns.flatMap(({ protect }) =>
      protect !== undefined && 'group' in protect ? protect.group : [],
    );
  });
  return [...new Set(groups)].sort();
}
