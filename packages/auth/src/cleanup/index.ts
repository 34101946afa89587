export { purgePolicies, sessionRetention, type TokenLifetimes } from './purge-policies.ts';
