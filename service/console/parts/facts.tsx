import type { Child } from 'hono/jsx';

/** Names and values beneath one another. */
export function Facts({ of }: { readonly of: readonly (readonly [string, Child])[] }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** A column of a table: one of ours by its name, with '#' behind it where it holds numbers; any other as it is called. */
type Column = string | { readonly name: string; readonly isNumeric: boolean };

/** A table that scrolls by itself where the window is narrow. */
export function Table({
  caption,
  columns,
  rows,
}: {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Child[])[];
}) {
  const named = columns.map((column) =>
    typeof column === 'string' ? { name: column.replace(/#$/, ''), isNumeric: column.endsWith('#') } : column,
  );
  return (
    <section class="scroll" tabindex={0} aria-label={caption}>
      <table>
        <thead>
          <tr>
            {named.map(({ name, isNumeric }) => (
              <th scope="col" class={isNumeric ? 'n' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell, n) => (
                <td class={named[n]?.isNumeric ? 'n' : ''}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Fills an empty place: says what would be here, and what brings it. */
export const Empty = ({ children }: { readonly children: Child }) => <p class="empty">{children}</p>;
