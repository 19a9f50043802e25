import { secureHeaders } from 'hono/secure-headers';
import type { Service } from '../service.ts';

const SELF = ["'self'"];
const NONE = ["'none'"];

/**
 * Headers with which browsers run and load nothing but the service's own files, send its forms nowhere else, and show it in
 * no other page. Referrers stay on the site and not nowhere: without any, a form's Origin would be `null`.
 */
export const securityHeaders = ({ isSecure }: Pick<Service, 'isSecure'>) =>
  secureHeaders({
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
    strictTransportSecurity: isSecure ? 'max-age=31536000' : false,
    crossOriginResourcePolicy: 'same-origin',
    crossOriginOpenerPolicy: 'same-origin',
  });
