import { GATE_ORDER } from '../../../stream/evidence/evidence.ts';
import { evidenceAt } from '../addresses.ts';
import { Choice } from '../parts/choice.tsx';
import { Filter } from '../parts/filter.tsx';

/** What is asked of evidence: of the address, nothing checked yet. */
export type EvidenceQuery = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>;

export const FIELDS = ['dataset', 'result', 'gate', 'reason', 'topic', 'partition', 'offset', 'id'] as const;

/** The form by which evidence is searched. */
export function EvidenceForm({
  datasets,
  asked,
}: {
  readonly datasets: readonly string[];
  readonly asked: EvidenceQuery;
}) {
  const isFiltered = FIELDS.some((name) => asked[name] !== undefined);
  const text = (name: (typeof FIELDS)[number], placeholder: string) => (
    <input
      type="text"
      name={name}
      value={asked[name] ?? ''}
      aria-label={name}
      placeholder={placeholder}
      size={placeholder.length + 2}
    />
  );
  return (
    <Filter action={evidenceAt} reset={isFiltered}>
      <Choice name="dataset" all="all datasets" options={datasets} chosen={asked.dataset} />
      <Choice name="result" all="passed or failed" options={['PASS', 'FAIL']} chosen={asked.result} />
      <Choice name="gate" all="any gate" options={[...GATE_ORDER]} chosen={asked.gate} />
      {text('reason', 'NULL_VALUE:customer_id')}
      {text('topic', 'topic')}
      {text('partition', 'partition')}
      {text('offset', 'offset')}
      {text('id', 'evd-…')}
    </Filter>
  );
}
