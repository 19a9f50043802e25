import type { AdoptionPreview } from '../../../etl/personal/adopting/preview-adoption.ts';
import { privacyAt } from '../addresses.ts';
import type { Action, PageView } from '../page.ts';
import { Facts, Table } from '../parts/facts.tsx';
import { plural, Time } from '../parts/text.tsx';

/** What adopting a dataset would do, and the form that has it done. */
export function adoptionPreview({ csrf }: Parameters<Action['act']>[0], preview: AdoptionPreview): PageView {
  const { dataset, files, repeats, bytes, retries, corrections, snapshots, staged, historyFrom } = preview;
  return {
    title: `Adopt ${dataset}?`,
    isAsking: true,
    body: (
      <>
        <h1>Adopt {dataset}?</h1>
        <p class="lead">
          {preview.isRemovingOnly
            ? 'It was adopted, and what holds its values in the clear was not all removed: that is left to do.'
            : `Each of its files would be sealed and proven equal, record by record${preview.isMigration ? ', and its tables and the reports on it made anew from those' : ''}. Then all that holds a value in the clear would be removed.`}{' '}
          That can’t be taken back. Nothing was done yet.
        </p>
        <Facts
          of={[
            [
              'files',
              `${plural(files, 'file')} of ${bytes.toLocaleString('en')} bytes${repeats === 0 ? '' : `, ${repeats} of them repeats of others`}`,
            ],
            ['retries', String(retries)],
            ['decisions with corrections', String(corrections)],
            ['staged documents', String(staged)],
            ...(historyFrom === null
              ? []
              : [['what readers saw can’t be asked any more from', <Time at={historyFrom} />] as const]),
          ]}
        />
        {Object.keys(snapshots).length > 0 && (
          <Table
            caption="Tables that go with their snapshots"
            columns={['table', 'snapshots#']}
            rows={Object.entries(snapshots).map(([name, n]) => [<code>{name}</code>, String(n)])}
          />
        )}
        <form method="post" action={`${privacyAt}/adopt`} class="reasoned">
          <input type="hidden" name="csrf" value={csrf ?? ''} />
          <input type="hidden" name="dataset" value={dataset} />
          <label>
            <input type="checkbox" name="losses" value="yes" /> also where records leave Silver by it
          </label>
          <label>
            <input type="checkbox" name="discard" value="yes" /> let files go that can’t be read, and of which
            nothing was ever made
          </label>
          <label for="reason">Why (it is kept for good; don’t write names here)</label>
          <input id="reason" name="reason" required maxlength={2000} autocomplete="off" />
          <button type="submit">Adopt {dataset} for good</button>
          <a href={privacyAt}>No, go back</a>
        </form>
        <p class="soft">
          Backups, exports and what the source keeps are not touched: they are yours to remove.
        </p>
      </>
    ),
  };
}
