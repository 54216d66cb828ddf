/**
 * A checksum against accidents: that bytes are the ones that were meant. It is no proof against who wants to deceive.
 *
 * Two lanes of the mixing of MurmurHash3 (Austin Appleby, public domain), of 32 bits each, over the words of the bytes.
 */

const FIRST_SEED = 0x9747b28c;
const SECOND_SEED = 0x3c6ef372;

/** 16 hexadecimal digits. */
export function checksum(bytes: Uint8Array): string {
  const words = bytes.length >>> 2;
  let first = FIRST_SEED;
  let second = SECOND_SEED;
  for (let i = 0; i < words; i++) {
    const at = 4 * i;
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    first = mixed(first, word);
    second = mixed(second, word ^ first);
  }
  let rest = bytes.length;
  for (let at = 4 * words; at < bytes.length; at++) rest = (rest << 8) ^ bytes[at]! ^ (rest >>> 24);
  first = avalanche(mixed(first, rest));
  second = avalanche(mixed(second, rest ^ first));
  return hex(first) + hex(second);
}

function mixed(hash: number, word: number): number {
  const scrambled = Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotated(hash ^ scrambled, 13), 5) + 0xe6546b64) | 0;
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function avalanche(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
