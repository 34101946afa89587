import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

/** The server is restarted with another value of a variable, which it accepts. */
function settingChanged(
  variable: string,
  value: string,
  expected: Pick<FaultInjection['expected'], 'code' | 'subject'>,
): FaultInjection {
  const restartWith = async ({ server, setVariable }: Stack, text: string | undefined): Promise<void> => {
    await setVariable(variable, text);
    await server.stop();
    await server.start();
  };
  return {
    name: `${variable} set to ${value}`,
    inject: stack => restartWith(stack, value),
    heal: stack => restartWith(stack, undefined),
    expected: { ...expected, layer: 'config' },
  };
}

/** Seven days in seconds, given as milliseconds: a refresh token ends before its access token. */
export const refreshTokenTtlInWrongUnit: FaultInjection = settingChanged(
  'HOLDFAST_REFRESH_TOKEN_TTL',
  '604800ms',
  { code: 'token_lifetimes_contradict', subject: 'env:HOLDFAST_REFRESH_TOKEN_TTL' },
);

/** Sessions that end before the access token that begins them. */
export const sessionTtlTooShort: FaultInjection = settingChanged('HOLDFAST_SESSION_TTL', '5m', {
  code: 'token_lifetimes_contradict',
  subject: 'env:HOLDFAST_SESSION_TTL',
});

/** Access tokens from before are issued by somebody else now. */
export const issuerChanged: FaultInjection = settingChanged('HOLDFAST_ISSUER', 'https://other.example.com', {
  code: 'token_claims_changed',
  subject: 'env:HOLDFAST_ISSUER',
});

/** Access tokens from before are for somebody else now. */
export const audienceChanged: FaultInjection = settingChanged('HOLDFAST_AUDIENCE', 'other', {
  code: 'token_claims_changed',
  subject: 'env:HOLDFAST_AUDIENCE',
});

export const poolOfOne: FaultInjection = settingChanged('HOLDFAST_POOL_MAX', '1', {
  code: 'pool_too_small',
  subject: 'env:HOLDFAST_POOL_MAX',
});
