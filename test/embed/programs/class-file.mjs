/**
 * Class files for a disassembler, made here: the smallest, and one of the size and the shape of a usual class, with fields, methods, branches,
 * switches, exceptions, strings and the attributes that compilers write. The Java Virtual Machine Specification, chapters 4 and 6.
 */

const ACC_PUBLIC = 0x0001;
const ACC_PRIVATE = 0x0002;
const ACC_STATIC = 0x0008;
const ACC_SUPER = 0x0020;
/** Java 1.4's: later ones want a map of types at each branch. */
const OLD_VERSION = 48;

const u2 = (value) => [(value >> 8) & 0xff, value & 0xff];
const u4 = (value) => [...u2(value >>> 16), ...u2(value & 0xffff)];

/** The constants of a class, each once. */
class Pool {
  constructor() {
    this.places = new Map();
    this.bytes = [];
    this.next = 1;
  }

  add(entry, slots = 1) {
    const key = entry.join();
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const place = this.next;
    this.places.set(key, place);
    this.bytes.push(...entry);
    this.next += slots;
    return place;
  }

  utf8(text) {
    const bytes = Buffer.from(text);
    return this.add([1, ...u2(bytes.length), ...bytes]);
  }

  int(value) {
    return this.add([3, ...u4(value)]);
  }

  long(high, low) {
    return this.add([5, ...u4(high), ...u4(low)], 2);
  }

  class(name) {
    return this.add([7, ...u2(this.utf8(name))]);
  }

  string(text) {
    return this.add([8, ...u2(this.utf8(text))]);
  }

  /** A field (9) or a method (10). */
  member(tag, owner, name, type) {
    const nameAndType = this.add([12, ...u2(this.utf8(name)), ...u2(this.utf8(type))]);
    return this.add([tag, ...u2(this.class(owner)), ...u2(nameAndType)]);
  }

  attribute(name, content) {
    return [...u2(this.utf8(name)), ...u4(content.length), ...content];
  }
}

function member(pool, access, name, type, attributes) {
  const list = [...u2(attributes.length), ...attributes.flat()];
  return [...u2(access), ...u2(pool.utf8(name)), ...u2(pool.utf8(type)), ...list];
}

function classOf(pool, name, { fields, methods, attributes }) {
  const header = [
    ...u2(ACC_PUBLIC | ACC_SUPER),
    ...u2(pool.class(name)),
    ...u2(pool.class("java/lang/Object")),
  ];
  const lists = [[], fields, methods, attributes].flatMap((list) => [...u2(list.length), ...list.flat()]);
  return Uint8Array.from([
    ...u4(0xcafebabe),
    ...u4(OLD_VERSION),
    ...u2(pool.next),
    ...pool.bytes,
    ...header,
    ...lists,
  ]);
}

function codeOf(pool, code, { handlers = [], lines = [] } = {}) {
  const table = handlers.flatMap((handler) => handler.flatMap(u2));
  const numbers = pool.attribute("LineNumberTable", [
    ...u2(lines.length),
    ...lines.flatMap((at) => at.flatMap(u2)),
  ]);
  const attributes = lines.length === 0 ? u2(0) : [...u2(1), ...numbers];
  return pool.attribute("Code", [
    ...[...u2(8), ...u2(6), ...u4(code.length), ...code],
    ...[...u2(handlers.length), ...table],
    ...attributes,
  ]);
}

/** `class A { static int f() { return 42; } }`. */
export function smallClass() {
  const pool = new Pool();
  const f = member(pool, ACC_STATIC | ACC_PUBLIC, "f", "()I", [codeOf(pool, [0x10, 42, 0xac])]);
  return classOf(pool, "A", { fields: [], methods: [f], attributes: [] });
}

/** A loop that adds up, with a text built in it and a handler around it. */
function loopingMethod(pool, i) {
  const builder = "java/lang/StringBuilder";
  const code = [
    ...[0xbb, ...u2(pool.class(builder)), 0x59], // new, dup
    ...[0xb7, ...u2(pool.member(10, builder, "<init>", "()V")), 0x4d], // invokespecial, astore_2
    ...[0x03, 0x3e], // iconst_0, istore_3
    ...[0x1d, 0x1b, 0xa2, ...u2(25)], // iload_3, iload_1, if_icmpge to where it returns
    ...[0x2c, 0x12, pool.string(`part ${i}: `)], // aload_2, ldc
    ...[0xb6, ...u2(pool.member(10, builder, "append", `(Ljava/lang/String;)L${builder};`))],
    ...[0x1d, 0xb6, ...u2(pool.member(10, builder, "append", `(I)L${builder};`)), 0x57], // pop
    ...[0x84, 3, 1], // iinc
    ...[0x2a, 0x1d, 0xb5, ...u2(pool.member(9, "Shapes", `count${i % 9}`, "I"))], // putfield
    ...[0xa7, ...u2(-24)], // goto the comparison
    ...[0x2c, 0xb6, ...u2(pool.member(10, builder, "toString", "()Ljava/lang/String;")), 0xb0], // areturn
    ...[0x4c, 0x01, 0xb0], // the handler: astore_1, aconst_null, areturn
  ];
  const end = code.length - 3;
  const handlers = [[0, end, end, pool.class("java/lang/IllegalStateException")]];
  const lines = [
    [0, 10 * i + 1],
    [10, 10 * i + 2],
    [end, 10 * i + 4],
  ];
  const type = "(I)Ljava/lang/String;";
  return member(pool, ACC_PUBLIC, `join${i}`, type, [codeOf(pool, code, { handlers, lines })]);
}

/** Arithmetic on longs and doubles, and a switch. */
function choosingMethod(pool, i) {
  const cases = [27, 29, 31];
  const code = [
    ...[0x1a, 0xaa, 0, 0], // iload_0, tableswitch, padded to a multiple of four
    ...[...u4(33), ...u4(i), ...u4(i + 2), ...cases.flatMap(u4)],
    ...[0x04, 0xac, 0x05, 0xac, 0x06, 0xac], // iconst_1 to 3, each returned
    ...[0x14, ...u2(pool.long(i, 0x12345678 + i)), 0x1a, 0x85, 0x69, 0x37, 4], // ldc2_w, i2l, lmul, lstore
    ...[0x16, 4, 0x88, 0x12, pool.int(100_000 + i), 0x82, 0xac], // lload, l2i, ldc, ixor, ireturn
  ];
  return member(pool, ACC_STATIC | ACC_PRIVATE, `choose${i}`, "(I)I", [codeOf(pool, code)]);
}

/** Some kilobytes: two dozen methods of two kinds, nine fields. */
export function usualClass() {
  const pool = new Pool();
  // What `ldc` takes has to be among the first 255.
  for (let i = 0; i < 12; i++) {
    pool.string(`part ${i}: `);
    pool.int(100_000 + i);
  }
  const fields = Array.from({ length: 9 }, (_, i) => member(pool, ACC_PRIVATE, `count${i}`, "I", []));
  const methods = Array.from({ length: 12 }, (_, i) => [loopingMethod(pool, i), choosingMethod(pool, i)]);
  const source = pool.attribute("SourceFile", u2(pool.utf8("Shapes.java")));
  return classOf(pool, "Shapes", { fields, methods: methods.flat(), attributes: [source] });
}
