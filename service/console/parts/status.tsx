/** Icons in front of statuses, for those who can't tell colours apart. */
const ICONS = { good: '✓', wait: '◷', bad: '✕', none: '·' } as const;
type Mood = keyof typeof ICONS;

/** A status: an icon and a word. */
export function Status({ mood, word }: { readonly mood: Mood; readonly word: string }) {
  return (
    <span class={`status ${mood}`}>
      <span aria-hidden="true">{ICONS[mood]}</span> {word}
    </span>
  );
}

const RUN_MOODS: Readonly<Record<string, Mood>> = {
  promoted: 'good',
  held: 'wait',
  refused: 'bad',
  failed: 'bad',
  'rolled-back': 'bad',
};

/** How a run ended. */
export const RunStatus = ({ status }: { readonly status: string }) => (
  <Status mood={RUN_MOODS[status] ?? 'none'} word={status.replaceAll('-', ' ')} />
);
