import { LEAST_CHARACTERS } from '../../../etl/privacy/looking/needles.ts';
import { failureOf } from '../../privacy/failure-of.ts';
import type { LookingState } from '../../privacy/looking-desk.ts';
import { privacyAt } from '../addresses.ts';
import type { PageRequest } from '../page.ts';
import { Table } from '../parts/facts.tsx';
import { plural, Time } from '../parts/text.tsx';

/** Looks for values that must be nowhere, and what came of it the last time; the command for it where the service can't. */
export function LookForValues({ request: { csrf, service } }: { readonly request: PageRequest }) {
  const desk = service.looking;
  if (desk === undefined)
    return (
      <p class="soft">
        <code>assay privacy verify --value-file FILE --target aws</code> looks for values through every byte.
      </p>
    );
  const state = desk.last();
  return (
    <section class="decide" aria-labelledby="values">
      <h2 id="values">Is a value anywhere in the clear?</h2>
      {state !== undefined && <Outcome state={state} />}
      {state?.kind !== 'under-way' && (
        <form method="post" action={`${privacyAt}/verify`} autocomplete="off">
          <input type="hidden" name="csrf" value={csrf ?? ''} />
          <label for="looked-for">
            Values, one a line, of {LEAST_CHARACTERS} characters or more (they are kept nowhere)
          </label>
          <textarea id="looked-for" name="values" required rows={3} maxlength={100_000} autocomplete="off" />
          <p class="buttons">
            <button type="submit">Look through every byte</button>
          </p>
        </form>
      )}
    </section>
  );
}

function Outcome({ state }: { readonly state: LookingState }) {
  if (state.kind === 'under-way')
    return (
      <p role="status">
        Looking since <Time at={state.since} /> for {state.by}: {plural(state.files, 'file')} so far.
      </p>
    );
  if (state.kind === 'failed')
    return <p role="status">It was not looked for: {failureOf(state.error).message}</p>;
  const { values, files, found, notRead } = state.looked;
  return (
    <>
      <p role="status">
        {found.length === 0 ? 'Nowhere' : 'Found'}: {plural(values, 'value')} in {plural(files, 'file')},{' '}
        <Time at={state.at} />, for {state.by}.{' '}
        {notRead.length > 0 && `${plural(notRead.length, 'file')} could not be looked through.`}
      </p>
      {found.length > 0 && (
        <Table
          caption="Where values were found"
          columns={['value', 'written as', 'times#', 'at byte#', 'in']}
          rows={found.map(({ file, inside, value, as, times, offset }) => [
            `no. ${value}`,
            as,
            times.toLocaleString('en'),
            offset.toLocaleString('en'),
            [file, ...inside].join(' › '),
          ])}
        />
      )}
      {notRead.length > 0 && (
        <Table
          caption="Not looked through"
          columns={['file', 'why']}
          rows={notRead.map(({ file, inside, why }) => [[file, ...inside].join(' › '), why])}
        />
      )}
    </>
  );
}
