import { checkText } from '../../../etl/contract/check-text.ts';
import type { Contract } from '../../../etl/contract/contract.ts';
import { describeContract } from '../../../etl/query/catalog.ts';
import { Table } from './facts.tsx';

/** Longer example values are cut. */
const LONGEST = 32;

/** The columns of a contract: what each is, what is checked, and values that show it. */
export function ContractColumns({
  contract,
  examples,
}: {
  readonly contract: Contract;
  readonly examples: ReadonlyMap<string, readonly string[]>;
}) {
  return (
    <Table
      caption="Columns"
      columns={['column', 'type', 'may be missing', 'classification', 'what it is', 'checks', 'for example']}
      rows={describeContract(contract).columns.map(
        ({ name, type, isNullable, isKey, classification, description }) => {
          const own = contract.columns.find((column) => column.name === name);
          const [isOwn, checks] = [own !== undefined, own?.checks ?? []];
          return [
            <code>
              {name}
              {isKey ? ' (key)' : ''}
            </code>,
            <code>{type}</code>,
            isNullable ? 'yes' : 'no',
            classification ?? '',
            isOwn ? description : <span class="soft">{description} (added by Assay)</span>,
            checks.map(checkText).join('; '),
            <Examples of={examples.get(name) ?? []} />,
          ];
        },
      )}
    />
  );
}

function Examples({ of }: { readonly of: readonly string[] }) {
  return (
    <>
      {of.map((value, n) => (
        <>
          {n > 0 && ' · '}
          <span class="value" title={value}>
            {[...value].length > LONGEST ? `${[...value].slice(0, LONGEST).join('')}…` : value}
          </span>
        </>
      ))}
    </>
  );
}
