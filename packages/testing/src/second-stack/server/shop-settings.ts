/** What the shop reads from its environment, as its operators set it. */
export interface ShopSettings {
  readonly databaseUrl: string;
  readonly port: number;
  /** Signs the access tokens (HS256). */
  readonly jwtSecret: string;
  /** Verifies them; another one by mistake. */
  readonly jwtVerifySecret: string;
  readonly tokenSeconds: number;
  readonly origins: readonly string[];
  readonly corsCredentials: boolean;
  readonly cookieSecure: boolean;
  readonly cookiePath: string;
  /** Routes such as `GET /v2/orders` whose guard is switched off. */
  readonly unguarded: readonly string[];
  /** Routes that ask for a token although they are public. */
  readonly guarded: readonly string[];
  /** Routes that an older version does not have. */
  readonly removed: readonly string[];
  /** Routes with a mistake in their program. */
  readonly broken: readonly string[];
}

export function readShopSettings(variables: Readonly<Record<string, string | undefined>>): ShopSettings {
  const need = (name: string): string => {
    const value = variables[name];
    if (value === undefined || value === '') throw new Error(`${name} is not set`);
    return value;
  };
  const list = (name: string): string[] => (variables[name] ?? '').split(',').filter(item => item !== '');
  return {
    databaseUrl: need('SHOP_DATABASE_URL'),
    port: Number(variables.SHOP_PORT ?? '0'),
    jwtSecret: need('SHOP_JWT_SECRET'),
    jwtVerifySecret: variables.SHOP_JWT_VERIFY_SECRET ?? need('SHOP_JWT_SECRET'),
    tokenSeconds: Number(variables.SHOP_TOKEN_SECONDS ?? '900'),
    origins: list('SHOP_ORIGINS'),
    corsCredentials: variables.SHOP_CORS_CREDENTIALS !== '0',
    cookieSecure: variables.SHOP_COOKIE_SECURE === '1',
    cookiePath: variables.SHOP_COOKIE_PATH ?? '/v2/session',
    unguarded: list('SHOP_UNGUARDED'),
    guarded: list('SHOP_GUARDED'),
    removed: list('SHOP_REMOVED'),
    broken: list('SHOP_BROKEN'),
  };
}
