import type { Check, ObservationView } from '../engine/index.ts';
import type { KeySighting, SightingId, Sightings, StepSighting } from '../sightings.ts';
import { blocked, checkOf, count, degraded, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';

type Step = Exclude<Extract<SightingId, `auth.${string}`>, 'auth.clean_up'>;

function stepCheck(step: Step, title: string, label: string): Check {
  return checkOf({ id: step, layer: 'auth', title, from: step, judge: saw => judgeStep(saw, label) });
}

function judgeStep({ ok, status, code, milliseconds, problem }: StepSighting, label: string): Judgement {
  if (ok) return pass(`${label} ${status} in ${milliseconds} ms`);
  return fail(`${label} ${problem ?? `answered ${status}${code === undefined ? '' : ` ${code}`}`}`);
}

/**
 * Keys that were in use before the ones held now, and are gone. A later one that is gone belonged to a keyring that has
 * been replaced by its predecessor: that is the repair, not the damage.
 */
function vanished(recorded: readonly KeySighting[], held: ReadonlySet<string>): readonly KeySighting[] {
  const current = recorded.filter(({ status }) => status === 'current');
  const isOlder = (gone: KeySighting, kept: KeySighting): boolean =>
    Date.parse(gone.firstSeenAt ?? '') < Date.parse(kept.firstSeenAt ?? '');
  return current.filter(gone => {
    if (held.has(gone.kid)) return false;
    const kept = current.filter(({ kid, use }) => use === gone.use && held.has(kid));
    return kept.length === 0 || !kept.every(key => isOlder(key, gone));
  });
}

const TOKEN_KEYS = ['sign', 'refresh'];

function judgeEncryption({ state, keys }: Sightings['config.keyring'], view: ObservationView): Judgement {
  if (state !== 'usable') return blocked('there is no usable keyring');
  const recorded = sawOf(view, 'data.keys')?.keys;
  const encrypted = sawOf(view, 'data.encrypted')?.keys;
  if (recorded === undefined || encrypted === undefined) return unknown('the database could not be asked');
  const held = new Set(keys.map(({ kid }) => kid));
  const ofTokens = recorded.filter(({ use }) => TOKEN_KEYS.includes(use));
  if (vanished(ofTokens, held).length > 0) return blocked('the whole keyring is another one');
  const ofFields = recorded.filter(({ use }) => use === 'encrypt');
  const needed = encrypted.filter(({ kid }) => !held.has(kid));
  const gone = new Set([...vanished(ofFields, held).map(({ kid }) => kid), ...needed.map(({ kid }) => kid)]);
  const evidence = ['config.keyring', 'data.keys', 'data.encrypted'];
  const rows = (counted: typeof encrypted) => counted.reduce((sum, one) => sum + one.rows, 0);
  if (gone.size === 0) return { ...pass(`the keys of ${count(rows(encrypted), 'row')} are there`), evidence };
  const names = [...gone].map(kid => `encrypt key ${short(kid)}…`).join(', ');
  const lost = `${count(rows(needed), 'row')} of the database cannot be decrypted`;
  return { ...fail(`${names} vanished from the keyring; ${lost}`), evidence };
}

const short = (kid: string) => kid.slice(0, 8);

/** Keys, and the way of a signed-in user from login to logout with the probe account. */
export const AUTH_CHECKS: readonly Check[] = [
  checkOf({
    id: 'keys.recorded',
    layer: 'auth',
    title: 'The keyring holds every key of tokens that the database knows as current',
    from: 'data.keys',
    judge: ({ keys }, view) => {
      const keyring = sawOf(view, 'config.keyring');
      if (keyring !== undefined && keyring.state !== 'usable') return blocked('there is no usable keyring');
      const jwks = sawOf(view, 'api.jwks');
      if (keyring === undefined && jwks === undefined)
        return unknown('neither keyring nor published keys can be seen');
      const held = new Set(keyring?.keys.map(({ kid }) => kid) ?? jwks?.kids);
      const uses = keyring === undefined ? ['sign'] : TOKEN_KEYS;
      const comparable = keys.filter(({ use }) => uses.includes(use));
      const gone = vanished(comparable, held);
      const evidence = ['data.keys', keyring === undefined ? 'api.jwks' : 'config.keyring'];
      if (gone.length === 0) return { ...pass(`${comparable.length} recorded keys accounted for`), evidence };
      const names = gone.map(({ use, kid }) => `${use} key ${short(kid)}…`).join(', ');
      return { ...fail(`${names} vanished from the keyring without having been rotated out`), evidence };
    },
  }),
  checkOf({
    id: 'keys.encryption',
    layer: 'auth',
    title: 'The keyring holds every key that fields in the database are encrypted with',
    from: 'config.keyring',
    judge: judgeEncryption,
  }),
  checkOf({
    id: 'keys.shared',
    layer: 'auth',
    title: 'Every process behind the address of the API has the same keys and issuer',
    from: 'api.identity',
    judge: ({ asked, keys, issuers }) => {
      if (keys.length + issuers.length === 2) return pass(`${count(asked, 'answer')} agree`);
      const named = keys.map(kids => kids.split(' ').map(short).join('…, ')).join('… or ');
      return fail(
        keys.length > 1
          ? `of ${asked} requests at once some are answered with the keys ${named}…`
          : `of ${asked} requests at once some are answered with the issuer ${issuers.join(' or ')}`,
      );
    },
  }),
  checkOf({
    id: 'keys.published',
    layer: 'auth',
    title: 'The API publishes the keys of the keyring',
    from: 'api.jwks',
    judge: ({ kids }, view) => {
      const keyring = sawOf(view, 'config.keyring');
      if (keyring === undefined) return unknown('the keyring could not be read');
      if (keyring.state !== 'usable') return blocked('there is no usable keyring');
      const held = new Set(keyring.keys.filter(({ use }) => use === 'sign').map(({ kid }) => kid));
      const foreign = kids.filter(kid => !held.has(kid));
      const evidence = ['api.jwks', 'config.keyring'];
      if (foreign.length === 0) return { ...pass(`${kids.length} published, all in the keyring`), evidence };
      return {
        ...fail(`the API signs with ${foreign.map(short).join(', ')}…, which the keyring does not hold`),
        evidence,
      };
    },
  }),
  stepCheck('auth.login', 'The probe account can sign in', 'login'),
  stepCheck('auth.token', 'A fresh access token is accepted', 'fresh token'),
  stepCheck('auth.validate', 'A fresh access token is reported as valid', 'validation'),
  stepCheck('auth.refresh', 'A refresh token is exchanged for its successor', 'refresh'),
  stepCheck(
    'auth.old_token',
    'The access token from before the refresh is still accepted',
    'token from before the refresh',
  ),
  stepCheck('auth.logout', 'The probe account can sign out', 'logout'),
  stepCheck('auth.revocation', 'A token of an ended session is refused', 'token of the ended session'),
  checkOf({
    id: 'auth.clean_up',
    layer: 'auth',
    title: 'The probe account is removed again',
    from: 'auth.clean_up',
    judge: ({ problem }) =>
      problem === undefined
        ? pass('nothing is left of it')
        : degraded(`left for the next run to remove: ${problem}`),
  }),
];
