import Type, { type Static } from 'typebox';
import { nullable, Timestamp, text } from './text.ts';

const profileFields = {
  displayName: nullable(text({ minLength: 1, maxLength: 200 })),
  givenName: nullable(text({ minLength: 1, maxLength: 100 })),
  familyName: nullable(text({ minLength: 1, maxLength: 100 })),
  phone: nullable(
    Type.String({ pattern: '^\\+?[0-9][0-9 ().-]{2,30}$', description: 'Digits, spaces and punctuation.' }),
  ),
  locale: nullable(
    Type.String({
      maxLength: 35,
      pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$',
      description: 'A BCP 47 language tag.',
    }),
  ),
  timeZone: nullable(
    Type.String({
      maxLength: 64,
      pattern: '^[A-Za-z0-9_+/-]+$',
      description: 'A name such as Europe/Paris.',
    }),
  ),
  avatarUrl: nullable(
    Type.String({
      maxLength: 2048,
      pattern: '^https?://[\\u0021-\\u007e]+$',
      description: 'An http or https URL.',
    }),
  ),
  bio: nullable(text({ maxLength: 4000 })),
};

/** What a person tells about themselves; null for what they do not. */
export const Profile = Type.Object(
  { ...profileFields, modifiedAt: Timestamp },
  { additionalProperties: false },
);
export type Profile = Static<typeof Profile>;

export const PatchProfileBody = Type.Partial(Type.Object(profileFields), {
  additionalProperties: false,
  minProperties: 1,
});
export type PatchProfileBody = Static<typeof PatchProfileBody>;
