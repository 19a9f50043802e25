/** A service over a lake, asked without a socket. */
export interface AskedService {
  /** Sends a request as it is, but for the Host header. */
  send(at: string, init?: RequestInit): Promise<Response>;
  /** Sends a request with the token. */
  ask(at: string, init?: RequestInit): Promise<Response>;
  /** The JSON of an answer to a GET with the token; throws where its status is another than 200. */
  json(at: string): Promise<unknown>;
  /** POSTs JSON with the token. */
  post(at: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Signs in by the address and returns the Cookie header of the session. */
  signIn(): Promise<string>;
  /** Answers a request as it came through a socket. */
  fetch(request: Request): Promise<Response>;
  /** Ends the queries that were asked, and waits for the run under way. */
  close(): Promise<void>;
}
