/** Reads lines that a person types, one at a time. */
export interface LineReader {
  /** The next line; `interrupted` after Ctrl-C, `closed` after Ctrl-D or where the terminal is gone. */
  next(prompt: string): Promise<Typed>;
  /** Keeps a text among those that the arrow keys bring back. */
  remember(text: string): void;
  /** Calls back at Ctrl-C while no line is asked for; returns how to stop that. */
  onInterrupt(callback: () => void): () => void;
  close(): void;
}

/** What came of asking for a line. */
export type Typed =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'closed' };

/** How lines are read. */
export interface LineOptions {
  /** What the arrow keys bring back, oldest first. */
  readonly history?: readonly string[];
  /** What the text before the cursor may become, and which part of it that replaces: for the tab key. */
  readonly complete?: (text: string) => readonly [candidates: string[], part: string];
}

/** Opens a reader of lines. */
export type OpenLines = (options?: LineOptions) => LineReader;
