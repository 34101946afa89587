/** The access token, for the whole site. HttpOnly. */
export const ACCESS_COOKIE = '__Host-hf_access';
/** The refresh token, sent to the authentication operations only. HttpOnly. */
export const REFRESH_COOKIE = '__Secure-hf_refresh';
export const REFRESH_COOKIE_PATH = '/api/v1/auth';
/** The token against cross-site request forgery, for scripts of the site to read and to send back in {@link CSRF_HEADER}. */
export const CSRF_COOKIE = '__Host-hf_csrf';
export const CSRF_HEADER = 'x-csrf-token';
