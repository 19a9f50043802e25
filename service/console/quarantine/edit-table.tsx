import type { SourceContract } from '../../../etl/contract/contract.ts';
import { sourceName } from '../../../etl/naming/bronze.ts';
import { ID_LENGTH } from '../../../etl/quarantine/read-records.ts';
import type { FailedRecord } from '../../../etl/quarantine/records.ts';
import { valuesNow } from '../../../etl/quarantine/retry-records.ts';
import type { CorrectedTrial } from '../../../etl/trying/try-corrected.ts';
import { versionOf } from '../../quarantine/shown-record.ts';
import { recordAt } from '../addresses.ts';
import { Table } from '../parts/facts.tsx';
import { isSealed, StoredValue } from '../parts/stored-value.tsx';
import { count, Time } from '../parts/text.tsx';
import { cellName, isEditable, tickName, versionName } from './cells.ts';
import { Reasons } from './reasons.tsx';

/** Records of a dataset to be dealt with. */
interface Edited {
  readonly contract: SourceContract;
  readonly records: readonly FailedRecord[];
  /** What a retry of those that are corrected would find. */
  readonly trial: CorrectedTrial;
  /** Whether their values may be corrected here. */
  readonly isEditable: boolean;
  /** Whether they may be chosen. */
  readonly isChosen: boolean;
  /** Whether all of them are. */
  readonly isTicked: boolean;
}

/** The records, each with its reasons and its values, which are fields of a form where they may be corrected. */
export function EditTable({ contract, records, trial, isEditable: mayEdit, isChosen, isTicked }: Edited) {
  const names = contract.columns.map(({ name }) => ({ name, isNumeric: false }));
  return (
    <Table
      caption={`Records of ${contract.dataset}`}
      columns={[...(isChosen ? [''] : []), 'record', 'reasons', ...names]}
      rows={records.map((record) => [
        ...(isChosen ? [<Tick record={record} isTicked={isTicked} />] : []),
        <Head dataset={contract.dataset} record={record} />,
        <>
          <Reasons of={record.reasons} />
          {record.rawText !== null && <StoredValue value={record.rawText} most={500} />}
          <Corrected record={record} trial={trial} />
        </>,
        ...Object.entries(cellsOf(contract, record)).map(([column, value]) => (
          <Cell
            {...{ record, column, value }}
            stillWrong={trial.get(record.rowHash)?.filter((reason) => reason.column === column) ?? []}
            mayEdit={mayEdit && record.state === 'open'}
          />
        )),
      ])}
    />
  );
}

/** What a retry of a corrected record would find, told before it is retried. */
function Corrected({ record, trial }: { readonly record: FailedRecord; readonly trial: CorrectedTrial }) {
  const reasons = trial.get(record.rowHash);
  if (reasons === undefined) return null;
  return (
    <div role="note">
      <span class="soft">As it is corrected now, a retry would fail:</span>
      <Reasons of={reasons} />
    </div>
  );
}

/** The values of a record in the order of the contract's columns. */
function cellsOf(contract: SourceContract, record: FailedRecord): Record<string, string | null> {
  const values = valuesNow(contract, record);
  return Object.fromEntries(contract.columns.map(({ name }) => [name, values[name] ?? null]));
}

const placeOf = ({ sourceFile, sourceRowNumber }: FailedRecord): string =>
  `record ${sourceRowNumber} of ${sourceName(sourceFile)}`;

const Tick = ({ record, isTicked }: { readonly record: FailedRecord; readonly isTicked: boolean }) =>
  record.state === 'retrying' ? (
    ''
  ) : (
    <input
      type="checkbox"
      name={tickName(record.rowHash)}
      value="1"
      checked={isTicked}
      aria-label={`choose ${placeOf(record)}`}
    />
  );

function Head({ dataset, record }: { readonly dataset: string; readonly record: FailedRecord }) {
  const { rowHash, sourceFile, sourceRowNumber, failures, lastAt, state } = record;
  return (
    <div class="record">
      <a href={recordAt(dataset, rowHash.slice(0, ID_LENGTH))} title={sourceFile}>
        {sourceName(sourceFile)} · {count(sourceRowNumber)}
      </a>
      <br />
      <span class="soft">
        {failures === 1 ? 'failed' : `failed ${count(failures)} times, last`} <Time at={lastAt} />
        {state === 'retrying' && ' · waits in a run'}
      </span>
      <input type="hidden" name={versionName(rowHash)} value={versionOf(record)} />
    </div>
  );
}

interface CellProps {
  readonly record: FailedRecord;
  readonly column: string;
  readonly value: string | null;
  /** Why it would fail again, where it is corrected. */
  readonly stillWrong: FailedRecord['reasons'];
  readonly mayEdit: boolean;
}

function Cell({ record, column, value, stillWrong, mayEdit }: CellProps) {
  const text = value ?? '';
  // Nobody corrects an envelope: what is typed takes its place.
  const shown = isSealed(text) ? '' : text;
  const isCorrected = column in record.corrections;
  const reasons = isCorrected ? stillWrong : record.reasons.filter((reason) => reason.column === column);
  const wrong = reasons.map(({ code }) => code).join(', ');
  const state = wrong !== '' ? 'wrong' : isCorrected ? 'corrected' : '';
  const told =
    isCorrected && wrong !== '' ? `corrected, and still ${wrong}` : isCorrected ? 'corrected' : wrong;
  return (
    <span class={`cell ${state}`}>
      {mayEdit && isEditable(text) ? (
        <Field
          name={cellName(record.rowHash, column, shown)}
          text={shown}
          hint={isSealed(text) ? 'sealed: type to correct it' : 'no value'}
          label={`${column} of ${placeOf(record)}`}
          isWrong={state === 'wrong'}
        />
      ) : (
        <Value value={value} />
      )}
      {told !== '' && <small>{told}</small>}
    </span>
  );
}

/** A value that is only shown. */
function Value({ value }: { readonly value: string | null }) {
  if (value === null) return <span class="soft">no value</span>;
  if (isSealed(value)) return <StoredValue value={value} most={200} />;
  return <code title={value.length > 200 ? value.slice(0, 5000) : undefined}>{value.slice(0, 200)}</code>;
}

interface FieldProps {
  readonly name: string;
  readonly text: string;
  readonly label: string;
  /** What stands in the field where it is empty. */
  readonly hint: string;
  readonly isWrong: boolean;
}

function Field({ name, text, label, hint, isWrong }: FieldProps) {
  const invalid = isWrong ? { 'aria-invalid': 'true' as const } : {};
  // A field of one line would lose the line ends; browsers drop the first one of a text of several.
  if (/[\r\n]/.test(text))
    return (
      <textarea name={name} aria-label={label} rows={2} {...invalid}>
        {`\n${text}`}
      </textarea>
    );
  const size = Math.min(32, Math.max(8, text.length + 1));
  return (
    <input
      name={name}
      value={text}
      aria-label={label}
      size={size}
      autocomplete="off"
      placeholder={hint}
      {...invalid}
    />
  );
}
