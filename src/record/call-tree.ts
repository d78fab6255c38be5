import type { StackFrame } from './data-value.js'
import type { StackCount } from './stack-count.js'

/** A function with those that it has called, by name. */
export interface CallNode {
  readonly name: string
  /** Hits in it and in what it has called. */
  readonly total: bigint
  /** In the order of their names, so that two pictures of one program can be compared. */
  readonly callees: readonly CallNode[]
}

interface GrowingNode {
  total: bigint
  readonly callees: Map<string, GrowingNode>
}

/** Merges stacks from their outermost frames on. */
export function callTree(stacks: readonly StackCount[]): CallNode {
  const root: GrowingNode = { total: 0n, callees: new Map() }
  for (const { frames, count } of stacks) {
    root.total += count
    let node = root
    for (const frame of frames.toReversed()) {
      node = calleeNamed(node, frameName(frame))
      node.total += count
    }
  }
  return finished('all', root)
}

function calleeNamed({ callees }: GrowingNode, name: string): GrowingNode {
  const callee = callees.get(name) ?? { total: 0n, callees: new Map<string, GrowingNode>() }
  callees.set(name, callee)
  return callee
}

function finished(name: string, { total, callees }: GrowingNode): CallNode {
  const sorted = [...callees].sort(([a], [b]) => (a < b ? -1 : 1))
  return { name, total, callees: sorted.map(([callee, node]) => finished(callee, node)) }
}

/** What is in no symbol is one: its addresses would make a tower each. */
export function frameName({ symbol }: StackFrame): string {
  return symbol?.name ?? '[unknown]'
}
