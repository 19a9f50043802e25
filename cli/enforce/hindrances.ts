/** What keeps an enforcer from its work, by what it comes from: probes ask for it. */
export class Hindrances {
  readonly #now: () => Date;
  readonly #of = new Map<string, { readonly text: string; readonly untilMs: number }>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Until it is cleared, or for so long. */
  set(from: string, text: string, forMs = Number.POSITIVE_INFINITY): void {
    this.#of.set(from, { text, untilMs: this.#now().getTime() + forMs });
  }

  clear(from: string): void {
    this.#of.delete(from);
  }

  /** What there is now, in words. */
  now(): readonly string[] {
    const nowMs = this.#now().getTime();
    return [...this.#of.values()].flatMap(({ text, untilMs }) => (nowMs < untilMs ? [text] : []));
  }
}
