import type { RunningLake } from '../etl/operations/approve-run.ts';
import type { Access } from './identity/local-access.ts';
import type { Sessions } from './identity/sessions.ts';
import type { QueryDesk } from './queries/desk.ts';

/** A file that the console's pages name, such as its style sheet. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

/** Everything the service stands on: whoever starts it brings it. */
export interface Service {
  readonly lake: RunningLake;
  /** What people call the lake: its folder, or its stack. */
  readonly lakeName: string;
  readonly version: string;
  readonly access: Access;
  readonly sessions: Sessions;
  /** Where people's SQL is answered. */
  readonly queries: QueryDesk;
  /** Name of the session's cookie: cookies are shared among the ports of a host. */
  readonly cookieName: string;
  /** The hosts, with their ports, under which the service is asked. */
  readonly hosts: ReadonlySet<string>;
  /** Whether the service changes nothing, whoever asks. */
  readonly isReadOnly: boolean;
  /** The console's files by name. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** Is given what nobody foresaw, with all its text; what is answered says no more than where it was. */
  readonly onError: (error: unknown) => void;
}
