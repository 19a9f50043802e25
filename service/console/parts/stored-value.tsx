import { readEnvelope } from '../../../etl/privacy/envelope.ts';

/** Whether a value is an envelope: as a source would hardly write one. */
export const isSealed = (value: string): boolean => readEnvelope(value) !== undefined;

/** A value as it is stored: cut, and of one that is sealed only that it is. */
export function StoredValue({ value, most }: { readonly value: string; readonly most: number }) {
  if (isSealed(value))
    return (
      <span class="soft" title={value.slice(0, 500)}>
        sealed
      </span>
    );
  return <code class="values">{value.slice(0, most)}</code>;
}
