import { isSecretKey } from '@holdfast/core';

/** How requests get in. Held in memory alone: no finding, report or progress line shows any of it. */
export type ApiAccess =
  | { readonly kind: 'none' }
  /** `Authorization: Bearer …` */
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** A header of any name, such as `X-Api-Key`. */
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  /** The value of a Cookie header: `name=value; other=value`. */
  | { readonly kind: 'cookie'; readonly cookie: string }
  /** Signs in first, and again when that has run out. */
  | { readonly kind: 'sign-in'; readonly signIn: SignIn };

/** A request that signs a user in, and what to do with its answer. */
export interface SignIn {
  /** By default POST. */
  readonly method?: string;
  /** A path below the API URL, such as `/auth/login`. */
  readonly path: string;
  /** Sent as JSON, or as a form when `form` is true. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly form?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON pointer to the token in the answer, such as `/data/access_token`. Without it the cookies of the answer count. */
  readonly token?: string;
  /** The header that carries the token; by default `Authorization` with `Bearer `. */
  readonly header?: string;
  readonly prefix?: string;
  /** A cookie whose value requests that change something repeat in a header. */
  readonly csrf?: { readonly cookie: string; readonly header: string };
  /** The path that refreshes the session, which the refresh cookie must reach; found in the document by itself. */
  readonly refreshPath?: string;
  /** The name of the refresh cookie; by default one whose name holds "refresh". */
  readonly refreshCookie?: string;
}

/** The texts that must never be shown. */
export function secretsOf(access: ApiAccess): string[] {
  if (access.kind === 'bearer') return [access.token];
  if (access.kind === 'basic') return [access.password, basicToken(access.username, access.password)];
  if (access.kind === 'header') return [access.value];
  if (access.kind === 'cookie')
    return access.cookie.split(';').map(pair => pair.split('=').slice(1).join('='));
  if (access.kind === 'sign-in') return secretMembers(access.signIn.body);
  return [];
}

/** What a person is known by is kept back as well as what lets them in. */
function secretMembers(body: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(body).flatMap(([key, value]) =>
    typeof value === 'string' && (isSecretKey(key) || /user|mail|login/i.test(key)) ? [value] : [],
  );
}

export function basicToken(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
