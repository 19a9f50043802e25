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

/** A table that scrolls by itself where the window is narrow; a column whose name ends in '#' is one of numbers. */
export function Table({
  caption,
  columns,
  rows,
}: {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Child[])[];
}) {
  const isNumber = columns.map((name) => name.endsWith('#'));
  return (
    <section class="scroll" tabindex={0} aria-label={caption}>
      <table>
        <thead>
          <tr>
            {columns.map((name, n) => (
              <th scope="col" class={isNumber[n] ? 'n' : ''}>
                {name.replace(/#$/, '')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell, n) => (
                <td class={isNumber[n] ? 'n' : ''}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What stands where there is nothing yet: what would be here, and what brings it. */
export const Empty = ({ children }: { readonly children: Child }) => <p class="empty">{children}</p>;
