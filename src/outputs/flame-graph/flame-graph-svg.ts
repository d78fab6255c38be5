import { callTree } from '../../record/call-tree.js'
import type { StackCount } from '../../record/stack-count.js'
import { type FlameBox, flameLayout } from './flame-layout.js'

/** Pixels. */
const WIDTH = 1200
const ROW = 17
const TITLE = 32
const MARGIN = 10
/** Narrower boxes could not be seen. */
const LEAST = 0.3
/** Of a monospaced font of 11 pixels. */
const CHARACTER = 6.7
/** Fewer characters than this say nothing. */
const LEAST_CHARACTERS = 3

export interface FlameGraphOptions {
  readonly title: string
}

/**
 * A picture of who called: the outermost functions at the bottom, each as wide as its part of the hits. Titles, shown by
 * viewers under the pointer, have the full names. No scripts.
 */
export function flameGraphSvg(stacks: readonly StackCount[], { title }: FlameGraphOptions): string {
  const tree = callTree(stacks)
  const boxes = flameLayout(tree, LEAST / WIDTH)
  const levels = Math.max(...boxes.map(({ level }) => level)) + 1
  const height = TITLE + levels * ROW + MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH + 2 * MARGIN}" height="${height}" viewBox="0 0 ${WIDTH + 2 * MARGIN} ${height}" font-family="ui-monospace, monospace" font-size="11">`,
    '<rect width="100%" height="100%" fill="#fffdf7"/>',
    `<text x="${MARGIN}" y="20" font-size="14">${escaped(title)}: ${tree.total} hits</text>`,
    ...boxes.map((box) => boxSvg(box, tree.total, height)),
    '</svg>',
    '',
  ].join('\n')
}

function boxSvg(box: FlameBox, hits: bigint, height: number): string {
  const x = MARGIN + box.from * WIDTH
  const y = height - MARGIN - (box.level + 1) * ROW
  const width = box.width * WIDTH
  const title = `${box.name}: ${box.total} of ${hits} hits, ${(100 * box.width).toFixed(1)} %`
  const label = labelFor(box.name, width)
  const text = label === '' ? '' : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>`
  return `<g><title>${escaped(title)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.1, width - 0.5).toFixed(1)}" height="${ROW - 1}" rx="1" fill="${colourOf(box.name)}"/>${text}</g>`
}

function labelFor(name: string, width: number): string {
  const room = Math.floor((width - 6) / CHARACTER)
  if (name.length <= room) return name
  return room < LEAST_CHARACTERS ? '' : `${name.slice(0, room - 1)}…`
}

/** A warm colour that a function has in every picture. */
function colourOf(name: string): string {
  let hash = 0
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  return `hsl(${15 + (hash % 40)}, ${70 + ((hash >>> 8) % 20)}%, ${62 + ((hash >>> 16) % 12)}%)`
}

/** Text for XML; what XML cannot hold becomes a replacement character. */
export function escaped(text: string): string {
  return Array.from(text, (character) => {
    const named = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[character]
    return named ?? (character < ' ' ? '�' : character)
  }).join('')
}
