/** What access tokens for the service of the tests are for. */
export const AUDIENCE = 'urn:assay:tests';

/** Under which the issuer of the tests knows it. */
export const CLIENT_ID = 'assay-tests';
