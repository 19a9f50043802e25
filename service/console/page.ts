import type { Child } from 'hono/jsx';
import type { SentAnswer } from '../http/file-answer.ts';
import type { SentFile } from '../http/read-files.ts';
import type { Identity } from '../identity/identity.ts';
import type { Permission } from '../identity/permissions.ts';
import type { Service } from '../service.ts';
import type { Board } from './board.ts';
import type { Examples } from './examples.ts';

/** What a page is made for. */
export interface PageRequest {
  /** Of the address: `{runId}` is `params.runId`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly identity: Identity;
  /** What forms must send back; undefined for who came without a session. */
  readonly csrf: string | undefined;
  readonly service: Service;
  readonly board: Board;
  readonly examples: Examples;
}

/** A page as it is shown. */
export interface PageView {
  readonly title: string;
  readonly body: Child;
  /** Set where a form led to it and nothing is wrong with what was typed. */
  readonly isAsking?: true;
  /** After how many seconds the page is asked for again: something is under way. Without a script, the whole page is. */
  readonly refreshSeconds?: number;
  /** A script of the page's own, by the name of its file. */
  readonly script?: string;
  /** Events after which a script asks for the page again. */
  readonly events?: string;
}

/** A page of the console: one file each. */
export interface Page {
  /** `/runs/{runId}`. */
  readonly path: string;
  readonly permission: Permission;
  /** Whether a form leads to it: what was left empty in that is taken out of the address. */
  readonly isAsked?: true;
  render(request: PageRequest): Promise<PageView>;
}

/** What a form of a page does. */
export interface Action {
  readonly path: string;
  readonly permission: Permission;
  /** Does it and returns the address of the page to show next; the page again, with what was typed and what is wrong with it; or a file. */
  act(
    request: PageRequest & { readonly form: Readonly<Record<string, string>> },
  ): Promise<string | PageView | SentAnswer>;
}

/** What a form with files does, while they come. */
export interface FileAction {
  readonly path: string;
  readonly permission: Permission;
  /** Does it and returns the address of the page to show next. */
  act(
    request: PageRequest & {
      /** Throws ConfigError `OTHER_SITE` where the form is of no page of this session. */
      readonly check: (csrf: string | undefined) => void;
      readonly files: (
        use: (file: SentFile, fields: Readonly<Record<string, string>>) => Promise<void>,
      ) => Promise<unknown>;
    },
  ): Promise<string>;
}
