import type { Contract } from '../contract/contract.ts';
import type { LoadedContracts } from '../contract/load-contracts.ts';
import { openColumns } from '../contract/open-columns.ts';
import { MASK, maskValues } from '../query/run-rejects.ts';
import type { Trace, TracedInput } from './trace-figure.ts';

/** A trace without the values of personal and confidential columns, and without lines that may hold such. */
export function maskTrace(
  { figure, closing, inputs }: Trace,
  contract: Contract,
  { contracts }: LoadedContracts,
): Trace {
  const known = contract.columns.map(({ name }) => name);
  const open = new Set([
    ...openColumns(contract),
    ...Object.keys(figure ?? {}).filter((name) => !known.includes(name)),
  ]);
  return {
    figure: figure === null ? null : (maskValues(figure, open) as NonNullable<Trace['figure']>),
    closing,
    inputs: inputs.map((input) => maskedInput(input, contracts.get(input.dataset))),
  };
}

function maskedInput(input: TracedInput, contract: Contract | undefined): TracedInput {
  const open = openColumns(contract);
  const isAllOpen = open.size === contract?.columns.length;
  const records = input.records.map((record) => ({
    ...record,
    values: maskValues(record.values, open) as typeof record.values,
    text: isAllOpen || record.text === null ? record.text : MASK,
  }));
  const sums = (measures: TracedInput['measures']): TracedInput['measures'] =>
    maskValues(measures, open) as TracedInput['measures'];
  return {
    ...input,
    measures: sums(input.measures),
    files: input.files.map((file) => ({ ...file, measures: sums(file.measures) })),
    records,
  };
}
