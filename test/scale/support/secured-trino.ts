import { pbkdf2Sync, randomBytes } from 'node:crypto';
import path from 'node:path';
import { freePort, run } from '../../aws/support/processes.ts';
import type { TrinoTools } from '../../engines/support/tools.ts';
import { fileCatalog, startTrino, type Trino } from '../../engines/support/trino-server.ts';
import type { Session } from './session.ts';
import { statement } from './statement.ts';

/** Where tests may register tables. */
export const CATALOG = 'lake';
export const SCHEMA = 'assay';

/** The catalog `lake` alone, of a server whose own folder is `root`. */
export const openCatalog = (root: string): Readonly<Record<string, readonly string[]>> => ({
  [CATALOG]: fileCatalog(path.join(root, 'metastore')),
});

type Secured = Pick<Session, 'securedUrl' | 'certificate' | 'user' | 'password'> & { readonly trino: Trino };

/**
 * Starts a Trino that lets everybody in by http, and who has the password by https. Its catalogs: `lake`; `shut`, where
 * register_table isn't enabled; and `fixed`, which nobody may change.
 */
export async function startSecuredTrino(tools: TrinoTools, folder: string): Promise<Secured> {
  const port = await freePort();
  const [user, password] = ['ann', 'correct horse'];
  const { keystore, certificate, secret } = await makeCertificate(tools, folder);
  const trino = await startTrino(tools, {
    folder,
    catalogs: (root) => {
      const metastore = path.join(root, 'metastore');
      return {
        ...openCatalog(root),
        shut: fileCatalog(metastore, []),
        fixed: fileCatalog(metastore, [
          'iceberg.register-table-procedure.enabled=true',
          'iceberg.security=READ_ONLY',
        ]),
      };
    },
    config: [
      'http-server.https.enabled=true',
      `http-server.https.port=${port}`,
      `http-server.https.keystore.path=${keystore}`,
      `http-server.https.keystore.key=${secret}`,
      'http-server.authentication.type=PASSWORD',
      'http-server.authentication.allow-insecure-over-http=true',
      `internal-communication.shared-secret=${secret}`,
    ],
    files: {
      'etc/password-authenticator.properties': [
        'password-authenticator.name=file',
        'file.password-file=etc/passwords',
      ],
      'etc/passwords': [`${user}:${hashOf(password)}`],
    },
  });
  await statement(trino.url, `CREATE SCHEMA IF NOT EXISTS ${CATALOG}.${SCHEMA}`);
  return { trino, securedUrl: `https://127.0.0.1:${port}`, certificate, user, password };
}

/** As Trino's password files have it: `<iterations>:<salt>:<hash>`, the latter two in hex; by HMAC-SHA1 alone. */
function hashOf(password: string): string {
  const [salt, iterations] = [randomBytes(16), 10_000];
  const hash = pbkdf2Sync(password, salt, iterations, 32, 'sha1');
  return `${iterations}:${salt.toString('hex')}:${hash.toString('hex')}`;
}

interface Certificate {
  readonly keystore: string;
  readonly certificate: string;
  readonly secret: string;
}

/** A certificate for this machine's loopback address that nobody but these tests trusts. */
async function makeCertificate({ trinoJava }: TrinoTools, folder: string): Promise<Certificate> {
  const keytool = path.join(path.dirname(trinoJava), 'keytool');
  const [keystore, certificate] = [path.join(folder, 'trino.p12'), path.join(folder, 'trino.pem')];
  const secret = randomBytes(16).toString('hex');
  const store = ['-keystore', keystore, '-storepass', secret, '-alias', 'trino'];
  const make = ['-genkeypair', '-keyalg', 'EC', '-validity', '2', '-dname', 'CN=127.0.0.1'];
  await run(keytool, [...make, '-ext', 'san=ip:127.0.0.1', '-storetype', 'PKCS12', ...store], {
    log: () => {},
  });
  await run(keytool, ['-exportcert', '-rfc', '-file', certificate, ...store], { log: () => {} });
  return { keystore, certificate, secret };
}
