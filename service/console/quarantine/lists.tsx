import { sourceName } from '../../../etl/naming/bronze.ts';
import type { RecordCounts } from '../../../etl/quarantine/kept-records.ts';
import { ID_LENGTH } from '../../../etl/quarantine/read-records.ts';
import type { DatasetRecord } from '../../quarantine/list-across.ts';
import { quarantineOf, recordAt } from '../addresses.ts';
import { Table } from '../parts/facts.tsx';
import { count, Time } from '../parts/text.tsx';
import { Reasons } from './reasons.tsx';

/** How many datasets are listed; the filter has them all. */
const MOST = 20;

/** The datasets with most open records, and why most of them failed. */
export function DatasetList({ counted }: { readonly counted: ReadonlyMap<string, RecordCounts> }) {
  const lines = [...counted]
    .map(([dataset, { byState, kinds }]) => ({
      dataset,
      kinds,
      open: (byState.open ?? 0) + (byState.retrying ?? 0),
      condemned: byState.condemned ?? 0,
    }))
    .filter(({ open, condemned }) => open + condemned > 0)
    .sort((a, b) => b.open - a.open || b.condemned - a.condemned);
  if (lines.length === 0) return null;
  return (
    <>
      <Table
        caption="Datasets with records that failed"
        columns={['dataset', 'open#', 'condemned#', 'most of them']}
        rows={lines
          .slice(0, MOST)
          .map(({ dataset, open, condemned, kinds }) => [
            <a href={quarantineOf({ dataset })}>{dataset}</a>,
            <a href={quarantineOf({ dataset })}>{count(open)}</a>,
            condemned === 0 ? (
              '0'
            ) : (
              <a href={quarantineOf({ dataset, state: 'condemned' })}>{count(condemned)}</a>
            ),
            <Commonest dataset={dataset} kinds={kinds} />,
          ])}
      />
      {lines.length > MOST && <p class="soft">{count(lines.length - MOST)} more are in the filter.</p>}
    </>
  );
}

function Commonest({ dataset, kinds }: { readonly dataset: string; readonly kinds: RecordCounts['kinds'] }) {
  const [first] = kinds.filter(({ state }) => state === 'open').sort((a, b) => b.records - a.records);
  if (first === undefined) return '';
  const { code, column } = first;
  return (
    <a href={quarantineOf({ dataset, code, column: column ?? undefined })}>
      {code}
      {column === null ? '' : ` ${column}`}
    </a>
  );
}

/** Records of several datasets, each leading to where it is dealt with. */
export function RecordList({ found }: { readonly found: readonly DatasetRecord[] }) {
  return (
    <Table
      caption="Records that failed"
      columns={['dataset', 'record', 'state', 'failed', 'reasons', '']}
      rows={found.map(({ dataset, record }) => [
        <a href={quarantineOf({ dataset })}>{dataset}</a>,
        <a href={recordAt(dataset, record.rowHash.slice(0, ID_LENGTH))} title={record.sourceFile}>
          {sourceName(record.sourceFile)} · {count(record.sourceRowNumber)}
        </a>,
        record.state,
        <Time at={record.lastAt} />,
        <Reasons of={record.reasons} />,
        record.state === 'open' ? (
          <a href={quarantineOf({ dataset, record: record.rowHash.slice(0, ID_LENGTH) })}>
            Correct<span class="hidden"> record {count(record.sourceRowNumber)}</span>
          </a>
        ) : (
          ''
        ),
      ])}
    />
  );
}
