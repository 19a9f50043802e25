/** `9,393`: a whole number for people. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `-1234567.50` → `-1,234,567.50`: every digit stays. */
export function grouped(text: string): string {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [];
  return whole === '' ? text : `${sign}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')}${rest}`;
}

/** `1 run`, `2 runs`. */
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `3.2 %`; `—` where there is nothing to take a share of. */
export const share = (part: number, whole: number): string =>
  whole === 0 ? '—' : `${((part / whole) * 100).toFixed(1)} %`;

/** `840 ms`, `12.3 s`, `4 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

/** A moment in UTC; the local time comes on hover, by the script. */
export function Time({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="soft">never</span>;
  return <time datetime={at}>{at.slice(0, 16).replace('T', ' ')}</time>;
}

/** A sentence of the core, with the moments in it as pages show them. */
export function Said({ text }: { readonly text: string }) {
  const parts = text.split(/(\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)/);
  return <>{parts.map((part, n) => (n % 2 === 1 ? <Time at={part} /> : part))}</>;
}

/** A long id, shortened in the middle; whole on hover. */
export function Id({ id }: { readonly id: string }) {
  return (
    <code class="id" title={id}>
      {id.length > 28 ? `${id.slice(0, 15)}…${id.slice(-8)}` : id}
    </code>
  );
}
