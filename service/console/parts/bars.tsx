/** One bar of a small chart. */
export interface Bar {
  /** Its label, e.g. a day. */
  readonly label: string;
  readonly value: number;
  /** Its place among `slots`; they stand side by side where there are none. */
  readonly at?: number;
  /** The value in words. */
  readonly text: string;
}

const [WIDTH, HEIGHT] = [120, 28];

/** A small chart of bars from zero, drawn on the server: each says its value on hover, and `name` says what is drawn. */
export function Bars({
  name,
  bars,
  kind,
  slots,
}: {
  readonly name: string;
  readonly bars: readonly Bar[];
  readonly kind: 'amount' | 'trouble';
  /** Places that bars may have. */
  readonly slots?: number;
}) {
  if (bars.length === 0) return <span class="soft">—</span>;
  const most = Math.max(...bars.map(({ value }) => value));
  const step = WIDTH / (slots ?? Math.max(bars.length, 12));
  return (
    <svg
      class={`bars ${kind}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={name}
    >
      {bars.map(({ label, value, text, at }, n) => {
        const height = value === 0 ? 0 : Math.max(1, (value / most) * (HEIGHT - 2));
        return (
          <rect
            x={((at ?? n) * step).toFixed(1)}
            y={(HEIGHT - 1 - height).toFixed(1)}
            width={Math.max(1, step - 1.5).toFixed(1)}
            height={height.toFixed(1)}
          >
            <title>{`${label}: ${text}`}</title>
          </rect>
        );
      })}
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
    </svg>
  );
}
