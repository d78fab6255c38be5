import type { CallNode } from '../../record/call-tree.js'

/** A function’s place in a flame graph. Horizontally in parts of the whole, 0 to 1; level 0 is the root. */
export interface FlameBox {
  readonly name: string
  readonly total: bigint
  readonly from: number
  readonly width: number
  readonly level: number
}

/** Every function of a tree that is at least `leastWidth` wide. */
export function flameLayout(root: CallNode, leastWidth: number): FlameBox[] {
  const boxes: FlameBox[] = []
  const scale = Number(root.total) || 1
  const place = ({ name, total, callees }: CallNode, from: number, level: number): void => {
    const width = Number(total) / scale
    if (width < leastWidth) return
    boxes.push({ name, total, from, width, level })
    let at = from
    for (const callee of callees) {
      place(callee, at, level + 1)
      at += Number(callee.total) / scale
    }
  }
  place(root, 0, 0)
  return boxes
}
