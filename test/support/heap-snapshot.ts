/** Reads heap snapshots, and judges what every one must fulfil: counts, types, indices in range, ids, and that all is reached. */
import assert from "node:assert/strict";

export interface SnapshotNode {
  readonly type: string;
  readonly name: string;
  readonly id: number;
  readonly bytes: number;
  readonly edges: readonly SnapshotEdge[];
}

export interface SnapshotEdge {
  readonly type: string;
  readonly name: string | number;
  readonly to: SnapshotNode;
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[]];
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly [readonly string[]];
    };
    readonly node_count: number;
    readonly edge_count: number;
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

const PARTS = [
  "snapshot",
  "nodes",
  "edges",
  "trace_function_infos",
  "trace_tree",
  "samples",
  "locations",
  "strings",
];

/** The nodes, the root first. */
export function readSnapshot(text: string): readonly SnapshotNode[] {
  const parsed = JSON.parse(text) as Snapshot;
  // DevTools read the parts one after the other.
  assert.deepEqual(Object.keys(parsed), PARTS);
  const { meta, node_count: nodeCount, edge_count: edgeCount } = parsed.snapshot;
  const width = meta.node_fields.length;
  assert.equal(parsed.nodes.length, nodeCount * width);
  assert.equal(parsed.edges.length, edgeCount * meta.edge_fields.length);
  const at = (row: number, field: string): number => {
    const word = parsed.nodes[row * width + meta.node_fields.indexOf(field)];
    assert.ok(word !== undefined && Number.isInteger(word) && word >= 0, `${field} of node ${row}`);
    return word;
  };
  const nodes = Array.from({ length: nodeCount }, (_, row) => ({
    type: item(meta.node_types[0], at(row, "type")),
    name: item(parsed.strings, at(row, "name")),
    id: at(row, "id"),
    bytes: at(row, "self_size"),
    edges: [] as SnapshotEdge[],
  }));
  assert.equal(new Set(nodes.map(({ id }) => id)).size, nodeCount, "ids are different");
  let edge = 0;
  nodes.forEach(({ edges }, row) => {
    for (let left = at(row, "edge_count"); left > 0; left--, edge += 3) {
      const [typeNumber, name, to] = parsed.edges.slice(edge, edge + 3) as [number, number, number];
      const type = item(meta.edge_types[0], typeNumber);
      assert.equal(to % width, 0);
      const isNumbered = type === "element" || type === "hidden";
      edges.push({ type, name: isNumbered ? name : item(parsed.strings, name), to: item(nodes, to / width) });
    }
  });
  assert.equal(edge, parsed.edges.length);
  const reached = reachedFrom(nodes[0]!);
  assert.equal(reached.size, nodeCount, "all nodes are reached from the root");
  return nodes;
}

function item<T>(list: readonly T[], index: number): T {
  assert.ok(index in list, `${index} is in range`);
  return list[index]!;
}

function reachedFrom(root: SnapshotNode): Set<SnapshotNode> {
  const reached = new Set([root]);
  for (const { edges } of reached) for (const { to } of edges) reached.add(to);
  return reached;
}

/** What edges with these names lead to, one after the other. */
export function follow(from: SnapshotNode, ...names: readonly (string | number)[]): SnapshotNode {
  let node = from;
  for (const name of names) {
    const found = node.edges.filter((edge) => edge.name === name);
    assert.equal(found.length, 1, `${JSON.stringify(name)} of ${node.name}`);
    node = found[0]!.to;
  }
  return node;
}

export function named(nodes: readonly SnapshotNode[], name: string): readonly SnapshotNode[] {
  return nodes.filter((node) => node.name === name);
}

/** The node of a group of roots. */
export function rootGroup(nodes: readonly SnapshotNode[], name: string): SnapshotNode {
  const [group] = named(nodes, name);
  assert.ok(group !== undefined && group.type === "synthetic");
  return group;
}
