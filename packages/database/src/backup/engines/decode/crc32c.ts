const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** Eight tables one after another: the value of a byte at each of eight places. */
const TABLE = makeTable();

/** CRC-32C (Castagnoli), which PostgreSQL uses for the files of a backup. Begin with 0 and pass on what came before. */
export function crc32c(data: Uint8Array, before = 0): number {
  const table = TABLE;
  const { length } = data;
  let crc = ~before;
  let at = 0;
  for (; at + SLICES <= length; at += SLICES) {
    const low =
      crc ^
      (byte(data, at) | (byte(data, at + 1) << 8) | (byte(data, at + 2) << 16) | (byte(data, at + 3) << 24));
    crc =
      entry(table, 1792 + (low & 255)) ^
      entry(table, 1536 + ((low >>> 8) & 255)) ^
      entry(table, 1280 + ((low >>> 16) & 255)) ^
      entry(table, 1024 + (low >>> 24)) ^
      entry(table, 768 + byte(data, at + 4)) ^
      entry(table, 512 + byte(data, at + 5)) ^
      entry(table, 256 + byte(data, at + 6)) ^
      entry(table, byte(data, at + 7));
  }
  for (; at < length; at += 1) crc = entry(table, (crc ^ byte(data, at)) & 255) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Within bounds always; the compiler cannot know, and V8 drops the check. */
function byte(data: Uint8Array, index: number): number {
  return data[index] as number;
}

function entry(table: Int32Array, index: number): number {
  return table[index] as number;
}

function makeTable(): Int32Array {
  const table = new Int32Array(256 * SLICES);
  for (let value = 0; value < 256; value += 1) {
    let crc = value;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[value] = crc;
  }
  for (let index = 256; index < table.length; index += 1) {
    const shorter = entry(table, index - 256);
    table[index] = entry(table, shorter & 255) ^ (shorter >>> 8);
  }
  return table;
}
