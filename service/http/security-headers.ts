import { secureHeaders } from 'hono/secure-headers';

const SELF = ["'self'"];
const NONE = ["'none'"];

/**
 * Headers with which browsers run and load nothing but the service's own files, send its forms nowhere else, and show it in
 * no other page. Referrers stay on the site and not nowhere: without any, a form's Origin would be `null`.
 */
export const securityHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: NONE,
    styleSrc: SELF,
    scriptSrc: SELF,
    imgSrc: SELF,
    connectSrc: SELF,
    formAction: SELF,
    frameAncestors: NONE,
    baseUri: NONE,
  },
  referrerPolicy: 'same-origin',
  xFrameOptions: 'DENY',
  strictTransportSecurity: false,
  crossOriginResourcePolicy: 'same-origin',
  crossOriginOpenerPolicy: 'same-origin',
});
