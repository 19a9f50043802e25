import type { SourceContract } from '../../../etl/contract/contract.ts';
import { isAllowed } from '../../identity/identity.ts';
import type { AdoptionState } from '../../privacy/adoption-desk.ts';
import { failureOf } from '../../privacy/failure-of.ts';
import { datasetAt, privacyAt } from '../addresses.ts';
import type { PageRequest } from '../page.ts';
import { plural, Time } from '../parts/text.tsx';

/** A dataset whose contract protects it, and which has files in the clear. */
export interface ClearDataset {
  readonly contract: Pick<SourceContract, 'dataset'>;
  readonly files: number;
}

/** Datasets that wait to be adopted, each with the form that says what adopting would do, or the command for it. */
export function ClearDatasets({
  request,
  datasets,
}: {
  readonly request: PageRequest;
  readonly datasets: readonly ClearDataset[];
}) {
  if (datasets.length === 0) return null;
  return (
    <section class="needs" aria-labelledby="in-the-clear">
      <h2 id="in-the-clear">
        {plural(datasets.length, 'dataset')} {datasets.length === 1 ? 'is' : 'are'} protected since, and{' '}
        {datasets.length === 1 ? 'has' : 'have'} files in the clear
      </h2>
      {datasets.map((one) => (
        <OneDataset request={request} one={one} />
      ))}
    </section>
  );
}

function OneDataset({
  request: { csrf, identity, service },
  one: { contract, files },
}: {
  readonly request: PageRequest;
  readonly one: ClearDataset;
}) {
  const { dataset } = contract;
  const desk = service.adoptions;
  const state = desk?.of(dataset);
  const mayAdopt = csrf !== undefined && isAllowed(identity, 'privacy.decide', service);
  return (
    <form method="post" action={`${privacyAt}/adopt/preview`} class="release">
      <p>
        <a href={datasetAt(dataset)}>{dataset}</a> has {plural(files, 'file')} in the clear: nothing new is
        published until they are sealed. {state !== undefined && <Stands state={state} />}
      </p>
      {desk === undefined && (
        <p>
          <code>assay privacy adopt {dataset} --target aws</code> says what would be done.
        </p>
      )}
      {desk !== undefined && mayAdopt && state?.kind !== 'under-way' && (
        <>
          <input type="hidden" name="csrf" value={csrf} />
          <input type="hidden" name="dataset" value={dataset} />
          <button type="submit">Show what adopting {dataset} would do</button>
        </>
      )}
    </form>
  );
}

function Stands({ state }: { readonly state: AdoptionState }) {
  if (state.kind === 'under-way')
    return (
      <b>
        It is being adopted, since <Time at={state.since} />, for {state.by}.
      </b>
    );
  if (state.kind === 'failed') return <b>It was not adopted: {failureOf(state.error).message}</b>;
  return state.adopted.record === null ? (
    <b>It was not adopted: its run published nothing, and nothing was removed.</b>
  ) : null;
}
