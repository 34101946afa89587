export type { BackupRules } from './backup-rules.ts';
export { databaseUrlProblem } from './database-url.ts';
export { envExample } from './env-example.ts';
export {
  assertSettings,
  type DescribedSetting,
  describeSettings,
  type ParsedSettings,
  parseSettings,
  type SettingsProblem,
  type SettingsSource,
} from './parse-settings.ts';
export type { ConfidentialClient, Role, Setting } from './setting.ts';
export { SETTINGS, type SettingKey, type Settings } from './settings.ts';
