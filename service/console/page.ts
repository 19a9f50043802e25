import type { Child } from 'hono/jsx';
import type { Identity } from '../identity/identity.ts';
import type { Permission } from '../identity/permissions.ts';
import type { Service } from '../service.ts';
import type { Board } from './board.ts';

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
}

/** A page as it is shown. */
export interface PageView {
  readonly title: string;
  readonly body: Child;
  /** After how many seconds the page is asked for again: something is under way. */
  readonly refreshSeconds?: number;
}

/** A page of the console: one file each. */
export interface Page {
  /** `/runs/{runId}`. */
  readonly path: string;
  readonly permission: Permission;
  render(request: PageRequest): Promise<PageView>;
}

/** What a form of a page does. */
export interface Action {
  readonly path: string;
  readonly permission: Permission;
  /** Does it and returns the address of the page to show next. */
  act(request: PageRequest & { readonly form: Readonly<Record<string, string>> }): Promise<string>;
}
