import type { Contract } from '../../../etl/contract/contract.ts';
import { madeOf } from '../../../etl/contract/made-of.ts';
import { datasetAt, reportAt, runsOf } from '../addresses.ts';

/** A thing in the picture, and the page that it leads to. */
interface Node {
  readonly id: string;
  readonly name: string;
  /** What stands in its box, where the name is too long. */
  readonly label?: string;
  readonly href: string | undefined;
}

/** The columns of the picture, from the files to the reports, and what leads to what. */
interface Lineage {
  readonly columns: readonly { readonly name: string; readonly nodes: readonly Node[] }[];
  readonly links: readonly (readonly [string, string])[];
}

/** Things of a kind that the picture has room for. */
const MOST = 12;

/** What a dataset is made of and what is made of it, as a picture: each thing in it leads to its page. */
export function LineagePicture({
  contract,
  contracts,
  seesRuns,
}: {
  readonly contract: Contract;
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly seesRuns: boolean;
}) {
  const { columns, links } = lineageOf(contract, [...contracts.values()], seesRuns);
  const places = placesOf(columns);
  const height = TOP + Math.max(...columns.map(({ nodes }) => nodes.length)) * ROW;
  return (
    <section class="scroll chart lineage" tabindex={0} aria-label={`Lineage of ${contract.dataset}`}>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} aria-label={inWords(columns)}>
        {links.map(([from, to]) => (
          <Link from={places.get(from)} to={places.get(to)} />
        ))}
        {columns.map(({ name, nodes }, at) => (
          <>
            <text class="head" x={at * COLUMN} y="12">
              {name}
            </text>
            {nodes.map((node) => (
              <Box node={node} place={places.get(node.id)} isOwn={isOwn(node, contract)} />
            ))}
          </>
        ))}
      </svg>
    </section>
  );
}

const isOwn = ({ id }: Node, { layer, dataset }: Contract): boolean => id === `${layer} ${dataset}`;

function lineageOf(contract: Contract, all: readonly Contract[], seesRuns: boolean): Lineage {
  const made = all.filter(
    (one) =>
      one.layer !== 'silver' && (one.dataset === contract.dataset || madeOf(one).includes(contract.dataset)),
  );
  const used = contract.layer === 'silver' ? [contract.dataset] : contract.inputs;
  const silver = [...new Set([...used, ...made.flatMap(madeOf)])].slice(0, MOST);
  const shown = made.slice(0, MOST);
  const reports = shown.filter(({ layer }) => layer === 'gold');
  return {
    columns: [
      {
        name: 'source files',
        nodes: silver.map((one) => ({
          id: `files ${one}`,
          name: `files of ${one}`,
          label: 'files',
          href: seesRuns ? runsOf(one) : undefined,
        })),
      },
      { name: 'datasets', nodes: silver.map((one) => nodeOf('silver', one, datasetAt(one))) },
      {
        name: nameOfMade(new Set(shown.map(({ layer }) => layer))),
        nodes: shown.map((one) => nodeOf(one.layer, one.dataset, datasetAt(one.dataset))),
      },
      ...(reports.length === 0
        ? []
        : [
            {
              name: 'reports',
              nodes: reports.map(({ dataset }) => nodeOf('report', dataset, reportAt(dataset))),
            },
          ]),
    ],
    links: [
      ...silver.map((one) => [`files ${one}`, `silver ${one}`] as const),
      ...shown.flatMap((one) =>
        madeOf(one).map((input) => [`silver ${input}`, `${one.layer} ${one.dataset}`] as const),
      ),
      ...reports.map(({ dataset }) => [`gold ${dataset}`, `report ${dataset}`] as const),
    ],
  };
}

function nameOfMade(layers: ReadonlySet<Contract['layer']>): string {
  if (!layers.has('projection')) return 'Gold tables';
  return layers.has('gold') ? 'Gold and projections' : 'projections';
}

const nodeOf = (kind: string, name: string, href: string): Node => ({ id: `${kind} ${name}`, name, href });

/** The picture for those who can't see it. */
const inWords = (columns: Lineage['columns']): string =>
  columns
    .filter(({ nodes }) => nodes.length > 0)
    .map(({ name, nodes }) => `${name}: ${nodes.map((node) => node.name).join(', ')}`)
    .join('; ');

const [COLUMN, BOX, ROW, TOP, BOX_HEIGHT] = [200, 168, 40, 24, 28];
const WIDTH = 3 * COLUMN + BOX;

interface Place {
  readonly x: number;
  readonly y: number;
}

function placesOf(columns: Lineage['columns']): ReadonlyMap<string, Place> {
  return new Map(
    columns.flatMap(({ nodes }, at) =>
      nodes.map((node, n): [string, Place] => [node.id, { x: at * COLUMN, y: TOP + n * ROW }]),
    ),
  );
}

function Link({ from, to }: { readonly from: Place | undefined; readonly to: Place | undefined }) {
  if (from === undefined || to === undefined) return null;
  const [x1, y1, x2, y2] = [from.x + BOX, from.y + BOX_HEIGHT / 2, to.x, to.y + BOX_HEIGHT / 2];
  const middle = (x1 + x2) / 2;
  return <path class="link" d={`M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`} />;
}

/** Characters that a box has room for. */
const MOST_CHARACTERS = 25;

function Box({
  node: { name, label = name, href },
  place,
  isOwn: own,
}: {
  readonly node: Node;
  readonly place: Place | undefined;
  readonly isOwn: boolean;
}) {
  if (place === undefined) return null;
  const short = label.length > MOST_CHARACTERS ? `${label.slice(0, MOST_CHARACTERS - 1)}…` : label;
  const box = (
    <g class={own ? 'node own' : 'node'}>
      <title>{name}</title>
      <rect x={place.x + 0.5} y={place.y + 0.5} width={BOX - 1} height={BOX_HEIGHT - 1} rx="4" />
      <text x={place.x + 8} y={place.y + 18}>
        {short}
      </text>
    </g>
  );
  return href === undefined ? box : <a href={href}>{box}</a>;
}
