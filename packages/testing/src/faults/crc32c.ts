const POLYNOMIAL = 0x82f63b78;

/** CRC-32C (Castagnoli, RFC 3720 section B.4), as PostgreSQL ends its own files with. */
export function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
