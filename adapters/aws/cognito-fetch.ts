/** Host of Cognito's issuers: https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html. */
const COGNITO = /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/**
 * A fetch that finds Cognito's user pools where $AWS_ENDPOINT_URL says that AWS is, as the SDK's clients do with every
 * service; the same as the system's where it says nothing.
 */
export function awsFetch(endpoint: string | undefined): typeof globalThis.fetch {
  if (endpoint === undefined || endpoint === '') return globalThis.fetch;
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!COGNITO.test(url.hostname)) return globalThis.fetch(input, init);
    return globalThis.fetch(new URL(url.pathname + url.search, endpoint), init);
  };
}
