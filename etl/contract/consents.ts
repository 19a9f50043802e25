import { typeText } from './column-type.ts';
import type { Contract, GoldContract, InputConsent, SourceContract } from './contract.ts';
import { isSealedColumn } from './table-columns.ts';

/** How a Gold table with a purpose is restricted to those who consent, or what keeps that from being told. */
export interface ConsentsOf {
  readonly consents: readonly InputConsent[];
  readonly problems: readonly string[];
}

/**
 * By whose latest state each input of a Gold table is restricted: every input whose records are about somebody must say for
 * the table's purpose where their consent stands, and the table must name that dataset among its inputs.
 */
export function consentsOf(
  { purpose, inputs }: GoldContract,
  contracts: ReadonlyMap<string, Contract>,
): ConsentsOf {
  if (purpose === undefined) return { consents: [], problems: [] };
  const sources = inputs.flatMap((input) => {
    const source = contracts.get(input);
    return source?.layer === 'silver' ? [source] : [];
  });
  const asked = new Set(sources.flatMap(({ consent }) => consent?.[purpose]?.dataset ?? []));
  const consents: InputConsent[] = [];
  const problems: string[] = [];
  for (const source of sources) {
    const found = consentOf(source, { purpose, inputs, contracts, isAsked: asked.has(source.dataset) });
    if (typeof found === 'string') problems.push(found);
    else if (found !== undefined) consents.push(found);
  }
  if (problems.length === 0 && consents.length === 0)
    problems.push(
      `is for the purpose ${purpose}, and none of its inputs is about anybody; remove assay.purpose`,
    );
  return { consents, problems };
}

interface Asking {
  readonly purpose: string;
  readonly inputs: readonly string[];
  readonly contracts: ReadonlyMap<string, Contract>;
  /** Whether the input is itself where consent stands. */
  readonly isAsked: boolean;
}

/** The consent by which one input is restricted, or what is wrong; undefined where its records are about nobody. */
function consentOf(
  source: SourceContract,
  { purpose, inputs, contracts, isAsked }: Asking,
): InputConsent | string | undefined {
  const { dataset: input, subject, consent } = source;
  const said = consent?.[purpose];
  if (said === undefined && (subject === undefined || isAsked)) return undefined;
  const where = `${input}, which is about a ${subject?.kind ?? 'person'},`;
  if (said === undefined)
    return `is for the purpose ${purpose}, and ${where} doesn't say where their consent stands; write assay.consent: {${purpose}: {dataset: …, column: …}} there`;
  if (subject === undefined)
    return `is for the purpose ${purpose}, and ${input} doesn't say whom its records are about; write assay.subject there`;
  if (!inputs.includes(said.dataset))
    return `lacks ${said.dataset}, which has the consents of ${input}; add it to assay.inputs`;
  const states = contracts.get(said.dataset);
  if (states?.layer !== 'silver') return undefined;
  const wrong = wrongStates(source, states, said.column);
  if (wrong !== undefined) return `takes the consents of ${input} from ${said.dataset}, ${wrong}`;
  return {
    input,
    subject: subject.column,
    partition: source.partitionColumn,
    states: {
      dataset: said.dataset,
      subject: states.subject?.column ?? '',
      column: said.column,
      at: states.partitionColumn,
    },
  };
}

/** Why a dataset can't tell who of another one consents. */
function wrongStates(source: SourceContract, states: SourceContract, column: string): string | undefined {
  const agreed = states.columns.find(({ name }) => name === column);
  if (agreed?.type.kind !== 'boolean' || isSealedColumn(agreed) || agreed.protect?.as === 'dropped')
    return `whose column ${column} is no boolean that can be read; name one, in the clear`;
  if (states.subject?.kind !== source.subject?.kind)
    return `which isn't about a ${source.subject?.kind}; write assay.subject of that kind there`;
  const spelling = ({ columns, subject }: SourceContract): string | undefined => {
    const named = columns.find(({ name }) => name === subject?.column);
    if (named === undefined) return undefined;
    return isSealedColumn(named) ? named.protect?.as : typeText(named.type);
  };
  const [own, other] = [spelling(source), spelling(states)];
  return own === other && own !== undefined && own !== 'encrypted'
    ? undefined
    : `which names people otherwise (${other ?? 'not at all'}) than ${source.dataset} does (${own ?? 'not at all'}); protect both columns as pseudonym`;
}
