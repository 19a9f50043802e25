import type { Contract } from '../../../etl/contract/contract.ts';
import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { catalogueAt, datasetAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Empty, Table } from '../parts/facts.tsx';
import { plural } from '../parts/text.tsx';

/** Search over datasets, columns, descriptions, owners and classifications. */
export const catalogue: Page = {
  path: '/datasets',
  permission: 'catalogue.read',
  isAsked: true,
  async render({ query, service }) {
    const { contracts } = await loadContracts(service.lake.effects.contracts);
    const wanted = (query.q ?? '').trim();
    const found = [...contracts.values()].map((contract) => ({
      contract,
      columns: matching(contract, wanted),
    }));
    const shown = found.filter(
      ({ contract, columns }) => wanted === '' || columns.length > 0 || says(aboutOf(contract), wanted),
    );
    return {
      title: 'Catalogue',
      body: (
        <>
          <h1>Catalogue</h1>
          <form method="get" action={catalogueAt} class="filter">
            <input
              type="search"
              name="q"
              value={wanted}
              aria-label="Search"
              placeholder="dataset, column, owner, personal …"
              size={36}
            />
            <button type="submit" class="plain">
              Search
            </button>
          </form>
          <Found shown={shown} wanted={wanted} />
          <PersonalData contracts={[...contracts.values()]} />
        </>
      ),
    };
  },
};

const says = (texts: readonly string[], wanted: string): boolean =>
  texts.some((text) => text.toLowerCase().includes(wanted.toLowerCase()));

const aboutOf = ({ dataset, description, owner }: Contract): string[] => [dataset, description, owner];

/** The columns that a search finds; none where nothing is searched. */
const matching = ({ columns }: Contract, wanted: string): string[] =>
  wanted === ''
    ? []
    : columns.flatMap(({ name, description, classification }) =>
        says([name, description, classification], wanted) ? [name] : [],
      );

function Found({
  shown,
  wanted,
}: {
  readonly shown: readonly { contract: Contract; columns: string[] }[];
  readonly wanted: string;
}) {
  if (shown.length === 0)
    return wanted === '' ? (
      <Empty>
        There is no dataset yet: <code>assay new dataset FILE</code> makes one of a file.
      </Empty>
    ) : (
      <Empty>
        Nothing says “{wanted}”: names, columns, meanings, owners and classifications were looked through.
      </Empty>
    );
  return (
    <Table
      caption="Datasets"
      columns={['dataset', 'layer', 'what it is', 'owner', wanted === '' ? 'columns#' : 'columns found']}
      rows={shown.map(({ contract, columns }) => [
        <a href={datasetAt(contract.dataset)}>{contract.dataset}</a>,
        contract.layer,
        contract.description,
        contract.owner,
        wanted === '' ? String(contract.columns.length) : columns.join(', '),
      ])}
    />
  );
}

/** Where personal and confidential data is. */
function PersonalData({ contracts }: { readonly contracts: readonly Contract[] }) {
  const sensitive = contracts.flatMap(({ dataset, columns }) =>
    columns
      .filter(({ classification }) => classification === 'personal' || classification === 'confidential')
      .map(({ name, classification, description }) => ({ dataset, name, classification, description })),
  );
  if (sensitive.length === 0) return null;
  return (
    <>
      <h2>Where personal and confidential data is: {plural(sensitive.length, 'column')}</h2>
      <Table
        caption="Personal and confidential columns"
        columns={['dataset', 'column', 'classification', 'what it is']}
        rows={sensitive.map(({ dataset, name, classification, description }) => [
          <a href={datasetAt(dataset)}>{dataset}</a>,
          <code>{name}</code>,
          classification,
          description,
        ])}
      />
    </>
  );
}
