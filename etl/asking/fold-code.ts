import { createHash } from 'node:crypto';
import type { ProjectionContract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import type { ContractSource } from '../ports.ts';
import { eventColumns, eventPlaces } from '../projecting/event-values.ts';
import type { FoldCode } from '../projecting/fold-runner.ts';

/** Code, and the digest that names it in answers. */
export interface NamedCode {
  readonly code: FoldCode;
  readonly digest: string;
}

/** The code of a projection as it is written now. Throws ConfigError `NO_CODE` for a fold that ships: it is asked once it is published. */
export async function codeNow(
  contracts: ContractSource,
  projection: ProjectionContract,
  events: EventContract,
): Promise<NamedCode> {
  const { dataset, fold, digest } = projection;
  if (fold.kind !== 'code')
    throw new ConfigError(
      'NO_CODE',
      `${dataset} is folded by ${fold.kind}, and nothing of it was published yet: 'assay project ${dataset} --rebuild' does that.`,
      { context: { dataset } },
    );
  const { file, text } = await contracts.projection(fold.file);
  const own = createHash('sha256')
    .update(`${digest}\n${text.replaceAll('\r\n', '\n')}`)
    .digest('hex');
  return { code: codeOf({ file, text }, dataset, events), digest: own };
}

/** Code that folds the events of a contract. */
function codeOf(
  { file, text }: Pick<FoldCode, 'file' | 'text'>,
  dataset: string,
  events: EventContract,
): FoldCode {
  const columns = eventColumns(events);
  return { file, text, dataset, columns, places: eventPlaces(events, columns) };
}
