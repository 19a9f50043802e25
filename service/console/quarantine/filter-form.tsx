import type { RecordCounts } from '../../../etl/quarantine/kept-records.ts';
import { LISTED_STATES } from '../../quarantine/record-query.ts';
import { quarantineAt } from '../addresses.ts';
import { Choice } from '../parts/choice.tsx';
import { Filter } from '../parts/filter.tsx';
import { count } from '../parts/text.tsx';
import type { Asked } from './asked.ts';

/** What the filter offers. */
interface Offered {
  readonly asked: Asked;
  /** The datasets that may be chosen. */
  readonly datasets: readonly string[];
  /** Of the datasets that are counted. */
  readonly counted: ReadonlyMap<string, RecordCounts>;
}

const AGES = [
  ['1h', 'an hour ago or longer'],
  ['1d', 'a day ago or longer'],
  ['7d', 'a week ago or longer'],
  ['30d', '30 days ago or longer'],
] as const;

/** The filter of the quarantine, in the address. */
export function FilterForm({ asked, datasets, counted }: Offered) {
  const states: readonly string[] = LISTED_STATES[asked.state];
  const kinds = [...counted]
    .filter(([dataset]) => asked.dataset === undefined || dataset === asked.dataset)
    .flatMap(([, { kinds: own }]) => own.filter(({ state }) => states.includes(state)));
  const codes = [...new Set(kinds.map(({ code }) => code))].sort();
  const columns = [...new Set(kinds.flatMap(({ column }) => (column === null ? [] : [column])))].sort();
  const ages = AGES.map(([value, text]) => ({ value, text: `failed ${text}` }));
  // Nothing is said of a dataset that is still counted.
  const said = (dataset: string): string => {
    const counts = counted.get(dataset);
    if (counts === undefined) return '';
    return ` (${count(states.reduce((all, state) => all + (counts.byState[state as 'open'] ?? 0), 0))})`;
  };
  const named = datasets.map((value) => ({ value, text: `${value}${said(value)}` }));
  return (
    <Filter action={quarantineAt} reset={Object.keys(asked).length > 1}>
      <Choice name="dataset" all="all datasets" options={named} chosen={asked.dataset} />
      <Choice
        name="state"
        options={[
          { value: 'open', text: 'open' },
          { value: 'retrying', text: 'retried, in a run' },
          { value: 'condemned', text: 'condemned' },
        ]}
        chosen={asked.state}
      />
      <Choice name="code" all="any reason" options={codes} chosen={asked.code} />
      <Choice name="column" all="any column" options={columns} chosen={asked.column} />
      <Choice name="olderThan" all="of any age" options={ages} chosen={asked.olderThan} />
      <Choice
        name="corrected"
        all="corrected or not"
        options={[
          { value: 'true', text: 'corrected' },
          { value: 'false', text: 'not corrected' },
        ]}
        chosen={asked.corrected}
      />
      <input name="file" value={asked.file ?? ''} placeholder="file" aria-label="file" maxlength={400} />
      <input name="run" value={asked.run ?? ''} placeholder="run" aria-label="run" maxlength={80} />
    </Filter>
  );
}
