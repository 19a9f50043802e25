import { Aws, Duration } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnUserPoolGroup,
  Mfa,
  OAuthScope,
  UserPool,
  type UserPoolClient,
  UserPoolClientIdentityProvider,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { PERMISSIONS, ROLES } from '../../service/identity/permissions.ts';
import { resourceName } from '../config/names.ts';
import type { OidcConfig, StageConfig } from '../config/stage-config.ts';
import { acknowledge } from '../security/acknowledge.ts';

/** Who is asked who people are, as the service's environment says it. */
export interface SignInSettings extends OidcConfig {
  /** Id of the user pool; undefined where another issuer is named. */
  readonly userPoolId: string | undefined;
}

/** What the user pool is made for. */
export interface SignInProps {
  readonly config: StageConfig;
  /** The address of the service. */
  readonly serviceUrl: string;
  /** Data groups, whose members may see sealed values. */
  readonly dataGroups: readonly string[];
}

/** The path of the service to which an issuer sends browsers back. */
const CALLBACK_PATH = '/sign-in/callback';

/** How long an access token of Cognito is good: a program renews it, and who is removed is out within an hour. */
const TOKEN_MINUTES = 60;

/**
 * Who people are: the issuer that the deployment names, or a user pool of Cognito with a group a role. Nobody can sign up;
 * whoever keeps the account adds people. Their user names are what decisions keep, and can't be changed.
 */
export class SignIn extends Construct {
  readonly settings: SignInSettings;

  constructor(scope: Construct, id: string, { config, serviceUrl, dataGroups }: SignInProps) {
    super(scope, id);
    if (config.oidc !== undefined) {
      this.settings = { ...config.oidc, userPoolId: undefined };
      return;
    }
    const pool = this.#pool(config);
    for (const group of dataGroups) this.#dataGroup(pool, group);
    const client = addClient(pool, serviceUrl);
    pool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: `${resourceName(config.stage, 'sign-in')}-${Aws.ACCOUNT_ID}` },
    });
    this.settings = {
      issuer: `https://cognito-idp.${Aws.REGION}.${Aws.URL_SUFFIX}/${pool.userPoolId}`,
      audience: client.userPoolClientId,
      clientId: client.userPoolClientId,
      rolesClaim: 'cognito:groups',
      nameClaims: ['cognito:username', 'username'],
      userPoolId: pool.userPoolId,
    };
  }

  /** A group whose members see sealed values of a data group, where their role lets them see any. */
  #dataGroup({ userPoolId }: UserPool, group: string): void {
    new CfnUserPoolGroup(this, `Group-${group}`, {
      userPoolId,
      groupName: `reveal:${group}`,
      description: `Sees sealed values of the data group ${group}, with a role that may reveal, and a reason`,
    });
  }

  #pool({ stage, removalPolicy }: StageConfig): UserPool {
    const pool = new UserPool(this, 'People', {
      userPoolName: resourceName(stage, 'people'),
      selfSignUpEnabled: false,
      signInAliases: { username: true },
      signInCaseSensitive: false,
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      autoVerify: { email: true },
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      removalPolicy,
      deletionProtection: stage === 'production',
    });
    for (const [role, permissions] of Object.entries(ROLES))
      new CfnUserPoolGroup(this, `Role-${role}`, {
        userPoolId: pool.userPoolId,
        groupName: role,
        description: `May ${permissions.map((permission) => PERMISSIONS[permission]).join(', ')}`.slice(
          0,
          2000,
        ),
      });
    acknowledge(
      pool,
      'AwsSolutions-COG2',
      'Each person can have a second factor, and whoever must have one is given it by an administrator; who wants a policy for it brings an issuer that has one by -c oidcIssuer.',
    );
    for (const rule of ['AwsSolutions-COG3', 'AwsSolutions-COG8'])
      acknowledge(
        pool,
        rule,
        "Cognito's threat protection belongs to its Plus plan, which costs by the person; nobody can sign up, and guessed passwords are slowed down without it.",
      );
    return pool;
  }
}

/** The service as a client without a secret: PKCE proves that who began also ends. */
function addClient(pool: UserPool, serviceUrl: string): UserPoolClient {
  return pool.addClient('Service', {
    generateSecret: false,
    oAuth: {
      flows: { authorizationCodeGrant: true },
      scopes: [OAuthScope.OPENID],
      callbackUrls: [`${serviceUrl}${CALLBACK_PATH}`],
      logoutUrls: [`${serviceUrl}/`],
    },
    authFlows: { userSrp: true },
    supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
    preventUserExistenceErrors: true,
    enableTokenRevocation: true,
    accessTokenValidity: Duration.minutes(TOKEN_MINUTES),
    idTokenValidity: Duration.minutes(TOKEN_MINUTES),
  });
}
