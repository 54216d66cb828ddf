/**
 * A heap snapshot in the format that Chrome's DevTools load (`.heapsnapshot`): JSON, with nodes and edges as flat lists of
 * numbers, as many a row as `meta` has names of fields.
 *
 * Readers take the parts in this order, and node 0 for the root. An edge names its node by where that one's row begins. A name is
 * the index of a string; an edge of type `element` has an index instead.
 *
 * Source of the format: V8, `HeapSnapshotJSONSerializer` (src/profiler/heap-snapshot-generator.cc); DevTools, `HeapSnapshotLoader`.
 */
import type { HeapGraph } from "./heap-graph.ts";
import { showAs } from "./inspect.ts";

const NODE_FIELDS = ["type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness"];
const NODE_TYPES = [
  "hidden",
  "array",
  "string",
  "object",
  "code",
  "closure",
  "regexp",
  "number",
  "native",
  "synthetic",
  "concatenated string",
  "sliced string",
  "symbol",
  "bigint",
  "object shape",
];
const EDGE_TYPES = ["context", "element", "property", "internal", "hidden", "shortcut", "weak"];

const META = {
  node_fields: NODE_FIELDS,
  node_types: [NODE_TYPES, "string", "number", "number", "number", "number", "number"],
  edge_fields: ["type", "name_or_index", "to_node"],
  edge_types: [EDGE_TYPES, "string_or_number", "node"],
  trace_function_info_fields: ["function_id", "name", "script_name", "script_id", "line", "column"],
  trace_node_fields: ["id", "function_info_index", "count", "size", "children"],
  sample_fields: ["timestamp_us", "last_assigned_id"],
  location_fields: ["object_index", "script_id", "line", "column"],
};

const CHUNK_CHARS = 1 << 16;

/**
 * A snapshot, taken: what the program does later changes nothing in it. As text it may be too long for one string, so it can be had
 * in chunks, too.
 */
export class HeapSnapshot implements Iterable<string>, AsyncIterable<string> {
  private readonly graph: HeapGraph;

  /** For the library itself. */
  constructor(graph: HeapGraph) {
    this.graph = graph;
  }

  /** The nodes, with the root and its groups. */
  get nodeCount(): number {
    return this.graph.nodeCount;
  }

  get edgeCount(): number {
    return this.graph.edgeCount;
  }

  /** The whole text. Throws a `RangeError` where the host has no strings so long. */
  toString(): string {
    return [...this].join("");
  }

  /** The text in chunks. */
  *[Symbol.iterator](): Iterator<string> {
    const { graph } = this;
    const snapshot = {
      meta: META,
      node_count: graph.nodeCount,
      edge_count: graph.edgeCount,
      trace_function_count: 0,
    };
    yield `{"snapshot":${JSON.stringify(snapshot)},\n"nodes":[`;
    yield* rows(graph.nodeCount, (node) => nodeRow(graph, node));
    yield '],\n"edges":[';
    yield* rows(graph.edgeCount, (edge) => edgeRow(graph, edge));
    yield '],\n"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n"locations":[],\n"strings":[';
    yield* rows(graph.strings.length, (i) => JSON.stringify(graph.strings[i]));
    yield "]}\n";
  }

  async *[Symbol.asyncIterator](): AsyncIterator<string> {
    for (const chunk of this as Iterable<string>) yield chunk;
  }

  static {
    showAs(HeapSnapshot, "HeapSnapshot", ({ nodeCount, edgeCount }) => ({
      nodes: nodeCount,
      edges: edgeCount,
    }));
  }
}

/** The rows of a list, many at a time: a step of a generator for each would take longer than the row itself. */
function* rows(count: number, rowOf: (row: number) => string): Iterable<string> {
  let text = "";
  for (let row = 0; row < count; row++) {
    text += row === 0 ? rowOf(row) : `,\n${rowOf(row)}`;
    if (text.length < CHUNK_CHARS) continue;
    yield text;
    text = "";
  }
  yield text;
}

function nodeRow(graph: HeapGraph, node: number): string {
  const id = graph.nodeIds.get(node) >>> 0;
  const bytes = graph.nodeBytes.get(node) >>> 0;
  return `${graph.nodeTypes.get(node)},${graph.nodeNames.get(node)},${id},${bytes},${graph.nodeEdges.get(node)},0,0`;
}

function edgeRow(graph: HeapGraph, edge: number): string {
  const name = graph.edgeNames.get(edge) >>> 0;
  return `${graph.edgeTypes.get(edge)},${name},${graph.edgeNodes.get(edge) * NODE_FIELDS.length}`;
}
