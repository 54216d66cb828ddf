/**
 * The objects of a heap and the references between them, found by following references from the roots: so it is the same under
 * every collector, and garbage is not in it.
 *
 * Breadth first, with the columns of nodes as the queue. So a node's edges are added when its turn comes, and stand one behind the
 * other in the order of the nodes, as the format of snapshots wants them.
 *
 *     node   type, name, id, bytes, how many edges      0 is the root, then the groups of roots, then the objects
 *     edge   type, name or index, node
 *
 * An object's id is its address, which is even and so differs from those of root and groups.
 */
import { I32List } from "../base/column.ts";
import { ELEMENTS_OFFSET, Kind, LENGTH_OFFSET, OBJECT_ALIGN } from "../gc/layout.ts";
import { AddressNumbers } from "./address-numbers.ts";
import type { Extern } from "./extern.ts";
import { type RootedStore, type RootGroup, rootGroups } from "./heap-roots.ts";
import { HeapShapes, type Shape, type TypedStore } from "./heap-shapes.ts";

/** As they stand in the lists of `heap-snapshot.ts`. */
export const NodeType = { Object: 3, Native: 8, Synthetic: 9 } as const;
export const EdgeType = { Element: 1, Property: 2 } as const;

export type GraphStore = RootedStore & TypedStore;

/** Of a shape, in numbers of strings. */
interface NumberedShape extends Shape {
  readonly nameNumber: number;
  readonly fieldNumbers: readonly number[];
}

export class HeapGraph {
  readonly strings: string[];
  readonly nodeTypes: I32List = new I32List();
  readonly nodeNames: I32List = new I32List();
  readonly nodeIds: I32List = new I32List();
  readonly nodeBytes: I32List = new I32List();
  readonly nodeEdges: I32List = new I32List();
  readonly edgeTypes: I32List = new I32List();
  readonly edgeNames: I32List = new I32List();
  readonly edgeNodes: I32List = new I32List();
  private readonly store: GraphStore;
  private readonly shapes: HeapShapes;
  private readonly numbered: Map<number, NumberedShape>;
  private readonly stringNumbers: Map<string, number>;
  private readonly nodes: AddressNumbers;

  constructor(store: GraphStore, externs: Iterable<Extern>) {
    this.store = store;
    this.shapes = new HeapShapes(store);
    this.numbered = new Map();
    this.strings = [];
    this.stringNumbers = new Map();
    this.nodes = new AddressNumbers();
    const groups = rootGroups(store, externs);
    this.addGroups(groups);
    for (let node = groups.length + 1; node < this.nodeCount; node++) this.addReferences(node);
  }

  get nodeCount(): number {
    return this.nodeTypes.length;
  }

  get edgeCount(): number {
    return this.edgeTypes.length;
  }

  private addGroups(groups: readonly RootGroup[]): void {
    this.addNode(NodeType.Synthetic, this.string(""), 1, 0);
    groups.forEach(({ name }, i) => {
      this.addNode(NodeType.Synthetic, this.string(name), 2 * i + 3, 0);
      this.addEdge(EdgeType.Element, i + 1, i + 1);
    });
    this.nodeEdges.set(0, this.edgeCount);
    groups.forEach(({ roots }, i) => {
      const before = this.edgeCount;
      for (const { name, reference } of roots) {
        if (typeof name === "number") this.addReference(EdgeType.Element, name, reference);
        else this.addReference(EdgeType.Property, this.string(name), reference);
      }
      this.nodeEdges.set(i + 1, this.edgeCount - before);
    });
  }

  private addReferences(node: number): void {
    const { memory } = this.store;
    const before = this.edgeCount;
    const object = this.nodeIds.get(node) >>> 0;
    const { kind, references, fieldNumbers } = this.shapeOf(object);
    if (kind === Kind.Struct) {
      for (let i = 0; i < references.length; i++) {
        this.addReference(EdgeType.Property, fieldNumbers[i]!, memory.read(object + references[i]!));
      }
    } else if (kind === Kind.ReferenceArray) {
      const length = memory.read(object + LENGTH_OFFSET) >>> 0;
      for (let i = 0; i < length; i++) {
        this.addReference(EdgeType.Element, i, memory.read(object + ELEMENTS_OFFSET + 4 * i));
      }
    }
    this.nodeEdges.set(node, this.edgeCount - before);
  }

  /** Null and i31 are no objects. */
  private addReference(type: number, name: number, reference: number): void {
    if (reference === 0 || (reference & 1) !== 0) return;
    const node = this.nodes.of(reference, this.nodeCount);
    if (node === this.nodeCount) this.addObject(reference >>> 0);
    this.addEdge(type, name, node);
  }

  private addObject(object: number): void {
    const { kind, size, nameNumber } = this.shapeOf(object);
    const isArray = kind === Kind.PlainArray || kind === Kind.ReferenceArray;
    const bytes = isArray ? this.arrayBytes(object, size) : size;
    // Arrays too: tools put all nodes of the format's own type for arrays under one name.
    this.addNode(kind === Kind.Host ? NodeType.Native : NodeType.Object, nameNumber, object, bytes);
  }

  private arrayBytes(object: number, elementLog2: number): number {
    const length = this.store.memory.read(object + LENGTH_OFFSET) >>> 0;
    return Math.ceil((ELEMENTS_OFFSET + length * 2 ** elementLog2) / OBJECT_ALIGN) * OBJECT_ALIGN;
  }

  private addNode(type: number, name: number, id: number, bytes: number): void {
    this.nodeTypes.push(type);
    this.nodeNames.push(name);
    this.nodeIds.push(id);
    this.nodeBytes.push(bytes);
    this.nodeEdges.push(0);
  }

  private addEdge(type: number, name: number, node: number): void {
    this.edgeTypes.push(type);
    this.edgeNames.push(name);
    this.edgeNodes.push(node);
  }

  private shapeOf(object: number): NumberedShape {
    const descriptor = this.store.memory.read(object);
    let shape = this.numbered.get(descriptor);
    if (shape === undefined) {
      const plain = this.shapes.of(descriptor);
      const fieldNumbers = plain.fields.map((name) => this.string(name));
      shape = { ...plain, nameNumber: this.string(plain.name), fieldNumbers };
      this.numbered.set(descriptor, shape);
    }
    return shape;
  }

  private string(text: string): number {
    let number = this.stringNumbers.get(text);
    if (number === undefined) {
      number = this.strings.push(text) - 1;
      this.stringNumbers.set(text, number);
    }
    return number;
  }
}
