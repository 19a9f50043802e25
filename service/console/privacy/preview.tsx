import type { ForgettingPreview } from '../../../etl/personal/forgetting/ask-forgetting.ts';
import type { Subject } from '../../../etl/privacy/vault.ts';
import { datasetAt, privacyAt } from '../addresses.ts';
import type { Action, PageView } from '../page.ts';
import { Table } from '../parts/facts.tsx';
import { plural, Time } from '../parts/text.tsx';

/** What forgetting somebody would do, and the form that asks for it. */
export function previewView(
  { form, csrf }: Parameters<Action['act']>[0],
  subject: Subject,
  { kind, groups, datasets, records, persons, forgottenAt }: ForgettingPreview,
): PageView {
  return {
    title: `Forget a ${kind}?`,
    isAsking: true,
    body: (
      <>
        <h1>
          Forget {kind} {subject.id}?
        </h1>
        {forgottenAt !== null && (
          <p class="empty">
            This {kind} was forgotten before, at <Time at={forgottenAt} />.
          </p>
        )}
        <p class="lead">
          {groups.length === 0
            ? `The vault has no keys of this ${kind}.`
            : `Their keys for the data ${groups.length === 1 ? 'group' : 'groups'} ${groups.join(', ')} would be destroyed.`}{' '}
          No count, sum or figure changes. Nothing was done yet.
        </p>
        <Table
          caption="What would be readable no more"
          columns={['dataset', 'readable no more', 'still there as it is']}
          rows={datasets.map(({ dataset, columns, clearColumns }) => [
            <a href={datasetAt(dataset)}>{dataset}</a>,
            columns.join(', ') || 'nothing',
            clearColumns.join(', ') || 'nothing',
          ])}
        />
        {records.length > 0 && (
          <Table
            caption={`${plural(records.length, 'record')} that couldn’t be parsed, with this id`}
            columns={['dataset', 'where', 'file', 'record#']}
            rows={records.map((one) => [
              one.dataset,
              one.layer,
              one.sourceFile,
              one.sourceRowNumber === null ? '' : String(one.sourceRowNumber),
            ])}
          />
        )}
        <form method="post" action={`${privacyAt}/ask`} class="reasoned">
          <input type="hidden" name="csrf" value={csrf ?? ''} />
          <input type="hidden" name="kind" value={subject.kind} />
          <input type="hidden" name="id" value={subject.id} />
          <label for="reason">Why (it is kept for good; don’t write names here)</label>
          <input
            id="reason"
            name="reason"
            value={form.reason ?? ''}
            required
            maxlength={2000}
            autocomplete="off"
          />
          <button type="submit">
            {persons === 2 ? `Ask for this ${kind} to be forgotten` : `Forget this ${kind} for good`}
          </button>
          <a href={privacyAt}>No, go back</a>
        </form>
        {persons === 2 && (
          <p class="soft">Another person approves it on the Privacy page before anything goes.</p>
        )}
      </>
    ),
  };
}
