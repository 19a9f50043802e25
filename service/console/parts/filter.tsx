import type { Child } from 'hono/jsx';

/** A form that says what a page lists; `reset` is shown where something is left out of it. */
export function Filter({
  action,
  children,
  reset,
}: {
  readonly action: string;
  readonly children: Child;
  readonly reset?: boolean;
}) {
  return (
    <form method="get" action={action} class="filter">
      {children}
      <button type="submit" class="plain">
        Show
      </button>
      {reset === true && <a href={action}>Show all</a>}
    </form>
  );
}
