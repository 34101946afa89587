import Type from 'typebox';
import { operation } from '../operation.ts';
import { PatchProfileBody, Profile } from '../schemas/profile.ts';
import { RevokedCount, SessionList } from '../schemas/session.ts';
import { Id } from '../schemas/text.ts';
import { PatchMeBody, User } from '../schemas/user.ts';

const shared = { tags: ['account'], access: 'user' } as const;

export const accountOperations = {
  getMe: operation({
    ...shared,
    operationId: 'getMe',
    method: 'GET',
    path: '/api/v1/users/me',
    summary: 'The account that is signed in',
    responses: { 200: User },
  }),
  patchMe: operation({
    ...shared,
    operationId: 'patchMe',
    revokes: true,
    database: 'transaction',
    method: 'PATCH',
    path: '/api/v1/users/me',
    summary: 'Change the own e-mail address or password',
    description:
      'Asks for the current password. A new address counts as not verified; a new password ends the other sessions.',
    body: PatchMeBody,
    responses: { 200: User },
    errors: ['invalid_credentials', 'password_rejected', 'email_taken', 'overloaded'],
  }),
  getMyProfile: operation({
    ...shared,
    operationId: 'getMyProfile',
    method: 'GET',
    path: '/api/v1/users/me/profile',
    summary: 'The own profile',
    responses: { 200: Profile },
  }),
  patchMyProfile: operation({
    ...shared,
    operationId: 'patchMyProfile',
    database: 'transaction',
    method: 'PATCH',
    path: '/api/v1/users/me/profile',
    summary: 'Change the own profile',
    description: 'Members that are absent stay as they are; null clears one.',
    body: PatchProfileBody,
    responses: { 200: Profile },
  }),
  listMySessions: operation({
    ...shared,
    operationId: 'listMySessions',
    method: 'GET',
    path: '/api/v1/users/me/sessions',
    summary: 'The own sessions',
    responses: { 200: SessionList },
  }),
  revokeMySession: operation({
    ...shared,
    operationId: 'revokeMySession',
    revokes: true,
    method: 'DELETE',
    path: '/api/v1/users/me/sessions/{sessionId}',
    summary: 'End one of the own sessions',
    params: Type.Object({ sessionId: Id }, { additionalProperties: false }),
    responses: { 204: null },
    errors: ['not_found'],
  }),
  revokeMyOtherSessions: operation({
    ...shared,
    operationId: 'revokeMyOtherSessions',
    revokes: true,
    method: 'DELETE',
    path: '/api/v1/users/me/sessions',
    summary: 'End all own sessions but this one',
    responses: { 200: RevokedCount },
  }),
};
