/**
 * The element and data sections.
 *
 * The flags of a segment choose among forms that differ in mode, in whether a table, a memory or a type is
 * named, and in whether the items are function indices or expressions; they are kept, so that the encoder
 * writes the same form. Items stay in place: only the end of their range is found.
 */
import { skipConstantExpression } from "./constant-expressions.ts";
import { featureBit } from "./features.ts";
import { MAX_DATA_SEGMENTS, MAX_ELEMENT_ITEMS, MAX_ELEMENT_SEGMENTS } from "./limits.ts";
import { beyondLimit, DATA_FLAGS, ELEMENT_FLAGS, ELEMENT_KIND, malformed } from "./messages.ts";
import type { ByteRange, DataSegment, ElementSegment, SegmentMode } from "./module.ts";
import type { OperatorReader } from "./operators.ts";
import { FUNCREF, HEAP_FUNC, refType, type ValType } from "./types.ts";

/** Not active. */
const FLAG_PASSIVE = 1;
/** Active: names its table. Otherwise: declarative. */
const FLAG_INDEX = 2;
const FLAG_EXPRESSIONS = 4;

const BULK_MEMORY: number = featureBit("bulk-memory");

export function readElementSection(reader: OperatorReader): ElementSegment[] {
  const start = reader.pos;
  const count = reader.count(2);
  if (count > MAX_ELEMENT_SEGMENTS) throw beyondLimit("element segments", count, MAX_ELEMENT_SEGMENTS, start);
  const segments: ElementSegment[] = [];
  for (let i = 0; i < count; i++) segments.push(readElementSegment(reader));
  return segments;
}

function readElementSegment(reader: OperatorReader): ElementSegment {
  const offset = reader.pos;
  const flags = reader.u32();
  if (flags > 7) throw malformed(ELEMENT_FLAGS, offset);
  if (flags !== 0) reader.need(BULK_MEMORY, "bulk-memory", "this kind of element segment", offset);
  const mode: SegmentMode =
    (flags & FLAG_PASSIVE) === 0 ? "active" : (flags & FLAG_INDEX) === 0 ? "passive" : "declarative";
  const active = mode === "active";
  const table = active && (flags & FLAG_INDEX) !== 0 ? reader.u32() : 0;
  const offsetExpr = active ? skipConstantExpression(reader) : null;
  const itemsAreExprs = (flags & FLAG_EXPRESSIONS) !== 0;
  const element = readElementType(reader, flags);
  const countOffset = reader.pos;
  const itemCount = reader.count(1);
  if (itemCount > MAX_ELEMENT_ITEMS) {
    throw beyondLimit("element items", itemCount, MAX_ELEMENT_ITEMS, countOffset);
  }
  const items = skipItems(reader, itemCount, itemsAreExprs);
  return { mode, flags, element, table, offsetExpr, itemCount, items, itemsAreExprs, offset };
}

/** Flags without an explicit table, passive or declarative mark leave the type out as well. */
function readElementType(reader: OperatorReader, flags: number): ValType {
  const expressions = (flags & FLAG_EXPRESSIONS) !== 0;
  if ((flags & (FLAG_PASSIVE | FLAG_INDEX)) === 0) return expressions ? FUNCREF : refType(HEAP_FUNC, false);
  const offset = reader.pos;
  if (!expressions) {
    if (reader.u8() !== 0) throw malformed(ELEMENT_KIND, offset);
    return refType(HEAP_FUNC, false);
  }
  return reader.readRefType();
}

function skipItems(reader: OperatorReader, count: number, expressions: boolean): ByteRange {
  const start = reader.pos;
  for (let i = 0; i < count; i++) {
    if (expressions) skipConstantExpression(reader);
    else reader.u32();
  }
  return { start, end: reader.pos };
}

export function readDataSection(reader: OperatorReader): DataSegment[] {
  const start = reader.pos;
  const count = reader.count(2);
  if (count > MAX_DATA_SEGMENTS) throw beyondLimit("data segments", count, MAX_DATA_SEGMENTS, start);
  const segments: DataSegment[] = [];
  for (let i = 0; i < count; i++) segments.push(readDataSegment(reader));
  return segments;
}

function readDataSegment(reader: OperatorReader): DataSegment {
  const offset = reader.pos;
  const flags = reader.u32();
  if (flags > 2) throw malformed(DATA_FLAGS, offset);
  if (flags !== 0) reader.need(BULK_MEMORY, "bulk-memory", "this kind of data segment", offset);
  const memory = flags === 2 ? reader.u32() : 0;
  const offsetExpr = flags === FLAG_PASSIVE ? null : skipConstantExpression(reader);
  const length = reader.u32();
  const start = reader.pos;
  reader.skip(length);
  const data: ByteRange = { start, end: reader.pos };
  return { mode: flags === FLAG_PASSIVE ? "passive" : "active", flags, memory, offsetExpr, data, offset };
}
