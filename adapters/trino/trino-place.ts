/** Which Trino answers, and where it may keep the temporary tables that name files of the lake. */
export interface TrinoPlace {
  /** `https://trino.example.com:8443`. */
  readonly server: string;
  /** A catalog of the Iceberg connector that reads the lake's files and allows `register_table`. */
  readonly catalog: string;
  /** A schema of it, which is there. */
  readonly schema: string;
  readonly user: string;
  /** How the user proves who they are; a server without authentication asks for neither. */
  readonly proof?:
    | { readonly kind: 'password'; readonly password: string }
    | { readonly kind: 'token'; readonly token: string };
}
