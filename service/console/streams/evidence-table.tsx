import type { Evidence } from '../../../stream/evidence/evidence.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../../../stream/policy/dataset-urn.ts';
import { evidenceOf } from '../addresses.ts';
import { Table } from '../parts/facts.tsx';
import { Status } from '../parts/status.tsx';
import { count, Id, Time } from '../parts/text.tsx';

/** Evidence in a table: where the event is, and why it passed or failed; no values. */
export const EvidenceTable = ({ found }: { readonly found: readonly Evidence[] }) => (
  <Table
    caption="Evidence"
    columns={[
      'evidence',
      'dataset',
      'topic',
      'partition#',
      'offset#',
      'event',
      'producer',
      'result',
      'reasons',
    ]}
    rows={found.map(({ evidence_id: id, dataset_urn: urn, source, producer, validation }) => [
      <a href={evidenceOf({ id })}>
        <Id id={id} />
      </a>,
      urn === UNKNOWN_DATASET ? <span class="soft">unknown</span> : datasetOfUrn(urn),
      source.raw_topic,
      count(source.partition),
      <a
        href={evidenceOf({
          topic: source.raw_topic,
          partition: String(source.partition),
          offset: String(source.offset),
        })}
      >
        {count(source.offset)}
      </a>,
      <Time at={source.event_time} />,
      `${producer.producer_id} (${producer.identity_confidence.toLowerCase()})`,
      <Status
        mood={validation.result === 'PASS' ? 'good' : 'bad'}
        word={validation.result === 'PASS' ? 'passed' : 'failed'}
      />,
      [...validation.reason_codes, ...validation.warnings.map((one) => `(${one})`)].join(', '),
    ])}
  />
);
