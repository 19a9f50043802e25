import { z } from 'zod';
import type { Classification, Contract, GoldContract, ProjectionContract } from '../contract/contract.ts';
import type { LoadedContracts } from '../contract/load-contracts.ts';
import { readContract } from '../contract/read-contract.ts';
import { ConflictError } from '../errors.ts';
import { contractTextKey, goldSqlKey, projectionCodeKey } from '../naming/generations.ts';
import type { ContractText, ObjectStore } from '../ports.ts';
import { codeDigest } from '../projecting/code-digest.ts';
import { readPointer } from '../table/pointer.ts';
import { areNoted, type KeptName, keptText, noteTexts, OTHER_CODE, textChanged } from './kept-texts.ts';

/** A contract as it is written, of a Gold table its SQL, and of a projection its code. */
export interface ContractTexts {
  readonly contract: string;
  readonly sql?: string;
  readonly code?: ContractText;
}

/** Under which digest texts are kept, and the contract's own digest, which that is made of together with SQL or code. */
export interface KeepingName extends KeptName {
  readonly meaning: string;
}

/**
 * Stores the texts of a contract under the digest that pointers and ledgers name, so that published data can be read as
 * it was meant, whatever the contract says later. Never changes a stored text; a repeat writes nothing.
 */
export async function keepContract(
  objects: ObjectStore,
  { dataset, digest, meaning }: KeepingName,
  { contract, sql, code }: ContractTexts,
): Promise<void> {
  if (await areNoted(objects, { dataset, digest })) return;
  // The contract comes after what belongs to it: where it is, its SQL is, too. What they are is noted last.
  if (sql !== undefined) await putOnce(objects, goldSqlKey(dataset, digest), sql);
  if (code !== undefined) await putOnce(objects, projectionCodeKey(dataset, digest), JSON.stringify(code));
  await putOnce(objects, contractTextKey(dataset, digest), contract);
  await noteTexts(objects, { dataset, digest }, meaning);
}

async function putOnce(objects: ObjectStore, key: string, text: string): Promise<void> {
  if ((await objects.get(key)) !== undefined) return;
  try {
    await objects.put(key, Buffer.from(text), { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/**
 * The contract that is kept under a digest; undefined where none is, or where this release can't read its text. This and
 * what follows throw DataError `KEPT_TEXT_CHANGED` where a text is another one than was stored.
 */
export async function keptContract(
  objects: ObjectStore,
  dataset: string,
  digest: string,
): Promise<Contract | undefined> {
  const stored = await keptText(objects, { dataset, digest }, 'contract');
  if (stored === undefined) return undefined;
  const result = readContract(contractTextKey(dataset, digest), stored);
  if (result.kind !== 'contract' || result.contract.dataset !== dataset) return undefined;
  // Releases may digest the same text differently: use the ledger's digest. The digests of
  // Gold and projections cover SQL and code, too, and stay.
  return result.contract.layer === 'silver' ? { ...result.contract, digest } : result.contract;
}

/** The Gold table's contract and SQL that are kept under a digest. */
export async function keptGold(
  objects: ObjectStore,
  dataset: string,
  digest: string,
): Promise<{ readonly contract: GoldContract; readonly sql: string } | undefined> {
  if (digest === '') return undefined;
  const contract = await keptContract(objects, dataset, digest);
  const sql = await keptText(objects, { dataset, digest }, 'sql');
  return contract?.layer !== 'gold' || sql === undefined ? undefined : { contract, sql };
}

const Code = z.object({ file: z.string(), text: z.string() });

/** The projection's contract and code that are kept under a digest. */
export async function keptProjection(
  objects: ObjectStore,
  dataset: string,
  digest: string,
): Promise<{ readonly contract: ProjectionContract; readonly code: ContractText } | undefined> {
  if (digest === '') return undefined;
  const contract = await keptContract(objects, dataset, digest);
  const stored = await keptText(objects, { dataset, digest }, 'code');
  if (contract?.layer !== 'projection' || stored === undefined) return undefined;
  const code = Code.parse(JSON.parse(stored));
  // All that was ever noted is digested by every release; of what wasn't, this release's digest must do.
  const isSame =
    codeDigest(contract.digest, code.text) === digest || (await areNoted(objects, { dataset, digest }));
  if (!isSame) throw textChanged({ dataset, digest }, 'code', OTHER_CODE);
  return { contract, code };
}

/** From the least protected to the most. */
const CLASSIFICATIONS: readonly Classification[] = ['public', 'internal', 'confidential', 'personal'];

/**
 * The contract under which a dataset or Gold table was last published: readers see tables of its shape, whatever was
 * written into the contract since. What the contract protects by now is protected at once. The contract itself where
 * nothing was published, or where its text was not kept.
 */
export async function publishedContract<C extends Contract>(objects: ObjectStore, contract: C): Promise<C> {
  const { dataset, layer } = contract;
  const digest = (await readPointer(objects, layer, dataset))?.pointer.contract_digest;
  // A repaired pointer has no contract digest.
  if (digest === undefined || digest === '' || digest === contract.digest) return contract;
  const kept = await keptContract(objects, dataset, digest);
  return kept?.layer === layer ? withProtection(kept as C, contract) : contract;
}

/** A contract in which no column is less protected than in another one. */
function withProtection<C extends Contract>(contract: C, other: Contract): C {
  const rank = (classification: Classification | undefined): number =>
    classification === undefined ? -1 : CLASSIFICATIONS.indexOf(classification);
  const others = new Map(other.columns.map(({ name, classification }) => [name, classification]));
  const columns = contract.columns.map((column) => {
    const now = others.get(column.name);
    return now !== undefined && rank(now) > rank(column.classification)
      ? { ...column, classification: now }
      : column;
  });
  return { ...contract, columns };
}

/** Loaded contracts with some of them as they were published. */
export async function withPublished(
  objects: ObjectStore,
  loaded: LoadedContracts,
  datasets: readonly string[],
): Promise<LoadedContracts> {
  const contracts = new Map(loaded.contracts);
  for (const dataset of datasets) {
    const contract = contracts.get(dataset);
    if (contract !== undefined) contracts.set(dataset, await publishedContract(objects, contract));
  }
  return { ...loaded, contracts };
}
