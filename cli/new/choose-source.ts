import type { SourceContract } from '../../etl/contract/contract.ts';
import { didYouMean } from '../../etl/contract/nearest.ts';
import { usageError } from '../usage-error.ts';

/** What a new table can be made of, and how errors speak of that. */
export interface Sources<Source> {
  readonly all: readonly Source[];
  /** What one of them is called: `dataset`. */
  readonly kind: string;
  /** What the new table is to them: `made of`. */
  readonly relation: string;
  /** What to do where there is none, as the end of a sentence. */
  readonly none: string;
}

/** The dataset that a new table is made of: the one that `--from` names, or the only one of its domain. */
export function chooseSource<Source extends Pick<SourceContract, 'dataset' | 'domain'>>(
  { all, kind, relation, none }: Sources<Source>,
  { from, domain }: { readonly from: string | undefined; readonly domain: string },
): Source {
  const near = all.filter((one) => (from === undefined ? one.domain === domain : one.dataset === from));
  const [only, ...more] = near;
  if (only !== undefined && more.length === 0) return only;
  const names = all.map(({ dataset }) => dataset);
  const list = names.length === 0 ? none : `there are ${names.join(', ')}`;
  throw usageError(
    from === undefined
      ? `--from is missing: say which ${kind} it is ${relation}; ${list}.`
      : `--from ${from} is no ${kind}${didYouMean(from, names)}: ${list}.`,
  );
}
