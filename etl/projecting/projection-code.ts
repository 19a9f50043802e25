import { createHash } from 'node:crypto';
import type { ProjectionContract } from '../contract/contract.ts';
import { type LoadedContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { isOpen } from '../contract/open-columns.ts';
import { ConfigError } from '../errors.ts';
import { type EventContract, isOfEvents } from '../eventstore/event-order.ts';
import type { ContractSource, ContractText, Effects } from '../ports.ts';
import { codeDigest } from './code-digest.ts';
import { eventColumns, eventPlaces } from './event-values.ts';
import type { FoldCode } from './fold-runner.ts';
import { shippedFold } from './shipped-folds.ts';

/** The code of a projection, and the digest of it together with the contract: when that changes, all is folded anew. */
export interface ProjectionCode {
  readonly code: ContractText;
  readonly digest: string;
}

/** The dataset that a projection is folded from. Throws ConfigError `NOT_EVENTS` where it has no events. */
export function requireEvents(
  loaded: LoadedContracts,
  { dataset, inputs: [input] }: ProjectionContract,
): EventContract {
  const source = requireSourceContract(loaded, input);
  if (isOfEvents(source)) return source;
  throw new ConfigError(
    'NOT_EVENTS',
    `${dataset} is folded from ${input}, which has no events: write assay.events in its contract.`,
  );
}

/** Reads a projection's code, or makes that of a fold that ships. */
export async function projectionCode(
  contracts: ContractSource,
  contract: ProjectionContract,
  source: EventContract,
): Promise<ProjectionCode> {
  const { fold } = contract;
  const code =
    fold.kind === 'code'
      ? await contracts.projection(fold.file)
      : { file: `assay/${fold.kind}.js`, text: shippedFold(fold.kind, contract, source) };
  return { code, digest: codeDigest(contract.digest, code.text) };
}

/**
 * The code as a worker runs it. Errors name a stream and an event as people may see them: a keyed digest where the column is
 * neither public nor internal; and what the code said when it threw only where every column of the events is.
 */
export function foldCode(
  effects: Pick<Effects, 'digestKey'>,
  {
    code,
    contract,
    source,
  }: { readonly code: ContractText; readonly contract: ProjectionContract; readonly source: EventContract },
): FoldCode {
  const columns = eventColumns(source);
  const isShown = (name: string): boolean =>
    source.columns.some((column) => column.name === name && isOpen(column));
  const shows = {
    stream: isShown(source.events.stream),
    id: isShown(source.events.id),
    message: source.columns.every(isOpen),
  };
  const digest = (text: string): string =>
    `digest:${createHash('sha256')
      .update(effects.digestKey() + text)
      .digest('hex')
      .slice(0, 16)}`;
  return {
    ...code,
    dataset: contract.dataset,
    columns,
    places: eventPlaces(source, columns),
    tell: (text, what) => {
      if (what === 'message' || what === 'name') return shows.message ? text : HIDDEN[what];
      return shows[what] ? text : digest(text);
    },
  };
}

/** What stands for words of the code's, into which values may have gone. */
const HIDDEN = {
  message: 'its message may hold values that not everybody may see',
  name: 'a member whose name may be a value',
} as const;
