import type { SourceContract } from '../contract/contract.ts';
import type { PiiCount } from '../privacy/pii/pii-count.ts';

/**
 * Why a run must wait for the personal data that was found in it (or in a trial of it), one sentence a column: counts and what to do, never a
 * value.
 */
export function personalData(
  { pii = [] }: { readonly pii?: readonly PiiCount[] | undefined },
  { columns }: SourceContract,
): string[] {
  return columns.flatMap(({ name, classification }) => {
    const counts = pii.filter(({ column }) => column === name);
    if (counts.length === 0) return [];
    return [`the ${classification} column ${name} holds ${counts.map(countText).join(', ')}: ${REMEDY}`];
  });
}

const REMEDY =
  'classify it personal in its contract, or name the kinds in its assay.pii if they may stand there';

const countText = ({ kind, records }: PiiCount): string =>
  `${kind === 'IBAN' ? 'an' : 'a'} ${kind} in ${records} ${records === 1 ? 'value' : 'values'}`;
