/**
 * Cards: which parts of the old space may refer to the nursery, after Wilson and Moher ("A card-marking scheme for
 * controlling intergenerational references", 1989). Memory is cut into cards of 512 bytes; a byte for each says whether a
 * reference was stored in it since the last collection. Compiled code marks
 *
 *     the card of a struct's header, for a store to any of its fields;
 *     the card of the address 8 below an element, for a store to that element
 *
 * so that the address at hand will do. Static memory, below the heap, has cards as well, which nobody reads; what lies below that, the
 * stack and maybe a program's memory of many megabytes, has none.
 *
 * To scan a card one must know where an object begins. A second byte for each card says it of the object that covers
 * the card's first byte: up to 127, the object begins so many times 8 bytes below; 128 + k, look 2^k cards back. Objects
 * are recorded in the order of their addresses, so a record is due only where one reaches over a card's end.
 *
 *     end of the spaces:  card bytes │ start bytes
 */

import { update, updateFields } from "./evacuation";
import { ARRAY_HEADER, KIND_REFERENCES, objectBytes, stackTop } from "./heap";

const CARD_LOG2: u32 = 9;
export const CARD: u32 = 1 << CARD_LOG2;
const MOST_DIRECT: u32 = 127;

/** The bytes of an address: at these plus the address >>> 9. They lie below the tables by what the lowest card's number is. */
export let cardBase: u32 = 0;
let startBase: u32 = 0;
/** The lowest beginning of a card that no recorded object covers. */
let boundary: u32 = 0;

/** The bytes that the tables take behind `end`. */
export function tableBytes(end: u32): u32 {
  return tableOf(end) << 1;
}

function tableOf(end: u32): u32 {
  return (((end >>> CARD_LOG2) + 7) & ~7) - lowestCard();
}

/** A multiple of 8, so that eight marks can be looked at in one word. */
function lowestCard(): u32 {
  return (stackTop >>> CARD_LOG2) & ~7;
}

/** Puts the tables behind `end`, which is not below the old end; records of objects from `start` on come along. */
export function moveTables(end: u32, start: u32): void {
  const marks = end + tableOf(end);
  const to = marks - lowestCard();
  for (let card = boundary >>> CARD_LOG2; card-- > start >>> CARD_LOG2; ) {
    store<u8>(to + card, load<u8>(startBase + card));
  }
  cardBase = end - lowestCard();
  startBase = to;
  for (let card = end; card < marks; card += 8) store<u64>(card, 0);
}

/** The next object to be recorded is the first in a space, at `start`. */
export function beginRecords(start: u32): void {
  boundary = start;
}

/** `object` ends at `end` and begins where the one before ends. */
export function recordObject(object: u32, end: u32): void {
  if (end <= boundary) return;
  const first = boundary >>> CARD_LOG2;
  let card = first;
  for (; boundary < end; boundary += CARD) {
    const distance = (boundary - object) >>> 3;
    store<u8>(startBase + card, distance <= MOST_DIRECT ? distance : MOST_DIRECT + 32 - clz(card - first));
    card++;
  }
}

/** The object that covers the first byte of a card. */
function objectAt(card: u32): u32 {
  let entry: u32 = load<u8>(startBase + card);
  while (entry > MOST_DIRECT) {
    card -= 1 << (entry - MOST_DIRECT - 1);
    entry = load<u8>(startBase + card);
  }
  return (card << CARD_LOG2) - (entry << 3);
}

/** Marks the cards of `bytes` bytes of elements that begin at `start`. */
export function markCards(start: u32, bytes: u32): void {
  if (bytes === 0) return;
  const first = start - ARRAY_HEADER;
  const last = cardBase + ((first + bytes - 1) >>> CARD_LOG2);
  for (let card = cardBase + (first >>> CARD_LOG2); card <= last; card++) store<u8>(card, 1);
}

/** Updates what the marked cards of the objects from `start` to `end` hold, and clears the marks. */
export function updateCards(start: u32, end: u32): void {
  const last = cardBase + ((end + (CARD - 1)) >>> CARD_LOG2);
  for (let card = cardBase + (start >>> CARD_LOG2); card < last; ) {
    if ((card & 7) === 0 && load<u64>(card) === 0) {
      card += 8;
      continue;
    }
    if (load<u8>(card) !== 0) {
      store<u8>(card, 0);
      updateCard(card - cardBase, end);
    }
    card++;
  }
}

function updateCard(card: u32, end: u32): void {
  const first = card << CARD_LOG2;
  const stop = min(first + CARD, end);
  for (let object = objectAt(card); object < stop; ) {
    const descriptor = load<u32>(object);
    if (load<u8>(descriptor, 4) === KIND_REFERENCES) {
      const last = min(object + (load<u32>(object, 4) << 2), stop);
      for (let element = max(object, first); element < last; element += 4) update(element + ARRAY_HEADER);
      object += objectBytes(object, descriptor);
    } else {
      object = updateFields(object);
    }
  }
}
