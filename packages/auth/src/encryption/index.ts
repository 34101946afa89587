export {
  checkEncryptedFields,
  countRowsByKey,
  ENCRYPTED_TABLES,
  type FieldCheck,
  fieldContext,
  reencryptFields,
} from './encrypted-fields.ts';
export { decryptField, type EncryptedField, encryptField } from './field-encryption.ts';
