import type { Certificate } from '../../../etl/personal/forgetting/documents.ts';
import { seenRequest } from '../../privacy/seen-requests.ts';
import { privacyAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Facts, Table } from '../parts/facts.tsx';
import { plural, Time } from '../parts/text.tsx';
import { WaitingRequests } from '../privacy/waiting-requests.tsx';

/** A request to forget somebody: as it waits, as it was refused, or its certificate, which prints. */
export const forgetting: Page = {
  path: '/privacy/requests/{request}',
  permission: 'privacy.read',
  async render(request) {
    const { params, identity, service } = request;
    const one = await seenRequest(identity, service, params.request ?? '');
    return {
      title: 'Request to forget somebody',
      body: (
        <>
          {one.state === 'forgotten' ? (
            <Certified certificate={one} />
          ) : one.state === 'asked' ? (
            <>
              <h1>A {one.kind} is to be forgotten</h1>
              <WaitingRequests request={request} waiting={[one]} />
            </>
          ) : (
            <>
              <h1>A {one.kind} was not forgotten: the request was refused</h1>
              <Facts
                of={[
                  ['request', <code>{one.request}</code>],
                  ['asked', <Said {...one.asked} />],
                  ['refused', <Said {...one.refused} />],
                ]}
              />
            </>
          )}
          <p class="screen">
            <a href={privacyAt}>All requests</a>
          </p>
        </>
      ),
    };
  },
};

const Said = ({ by, at, reason }: Certificate['asked']) => (
  <>
    by {by}, <Time at={at} />: {reason}
  </>
);

function Certified({ certificate }: { readonly certificate: Certificate }) {
  const { request, kind, asked, approved, forgottenAt, keys, erasures, tables, clearColumns } = certificate;
  const backups = certificate.unreadableFromBackups;
  return (
    <>
      <h1>Certificate: a {kind} was forgotten</h1>
      <Facts
        of={[
          ['request', <code>{request}</code>],
          ['asked', <Said {...asked} />],
          ['approved', <Said {...approved} />],
          ['forgotten', <Time at={forgottenAt} />],
          [
            'keys destroyed',
            `of the data groups ${keys.groups.join(', ') || 'none'}; of ${plural(keys.records, 'record')} that couldn’t be parsed`,
          ],
          ['in the log of erasures', <code>{erasures.map(({ id }) => id).join(', ')}</code>],
          [
            'figures',
            tables.isUnchanged
              ? `unchanged: ${plural(tables.after.length, 'table')} ${tables.after.length === 1 ? 'stands' : 'stand'} as before`
              : `this changed none; a run committed meanwhile to ${tables.changed.join(', ')}`,
          ],
          ['unreadable from', <Time at={certificate.unreadableFrom} />],
          [
            'in restored copies of the vault',
            backups === null ? (
              'readable for who has the key of before: exchange it (assay vault renew)'
            ) : (
              <>
                unreadable from <Time at={backups} />
              </>
            ),
          ],
          ['remembered until', certificate.rememberedUntil.slice(0, 10)],
        ]}
      />
      <h2>What still says what it said</h2>
      <Table
        caption="Columns that were never sealed"
        columns={['dataset', 'columns in the clear']}
        rows={clearColumns.map(({ dataset, columns }) => [dataset, columns.join(', ') || 'none'])}
      />
      <h2>Where the tables stood</h2>
      <Table
        caption="Tables before and after"
        columns={['table', 'layer', 'snapshot', 'digest before', 'digest after']}
        rows={tables.after.map(({ dataset, layer, snapshotId, digest }) => [
          dataset,
          layer,
          <code>{String(snapshotId)}</code>,
          <code class="id">
            {tables.before.find((one) => one.dataset === dataset && one.layer === layer)?.digest ?? 'none'}
          </code>,
          <code class="id">{digest}</code>,
        ])}
      />
    </>
  );
}
