import type { FailedRecord } from '../../../etl/quarantine/records.ts';

import { StoredValue } from '../parts/stored-value.tsx';

type Reason = FailedRecord['reasons'][number];

/** A value of a reason is cut here. */
const MOST_CHARACTERS = 200;

/** All reasons of a record, with the values that failed. */
export function Reasons({ of }: { readonly of: readonly Reason[] }) {
  return (
    <ul class="reasons">
      {of.map(({ code, column, rule, value }) => (
        <li>
          <b>{code}</b>
          {column !== null && ` ${column}`}
          {value !== null && (
            <>
              {' '}
              <StoredValue value={value} most={MOST_CHARACTERS} />
            </>
          )}
          {rule !== null && <span class="soft"> {rule}</span>}
        </li>
      ))}
    </ul>
  );
}
