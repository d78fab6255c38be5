import type { StackCount } from '../../record/stack-count.js'
import { escaped, type FlameGraphOptions, flameGraphSvg } from './flame-graph-svg.js'

/** Marks the functions whose names have what is typed. */
const search = `
const field = document.querySelector('input')
const boxes = [...document.querySelectorAll('g')]
field.addEventListener('input', () => {
  const wanted = field.value.toLowerCase()
  const isFound = (box) => wanted !== '' && box.querySelector('title').textContent.toLowerCase().split(': ')[0].includes(wanted)
  for (const box of boxes) box.classList.toggle('found', isFound(box))
})
`

/** The same picture as a page of its own, in which functions can be searched. Loads nothing from anywhere. */
export function flameGraphHtml(stacks: readonly StackCount[], options: FlameGraphOptions): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(options.title)}</title>
<style>
body { margin: 1rem; background: #fffdf7; font-family: system-ui, sans-serif }
svg { width: 100%; height: auto }
g:hover rect { stroke: #333 }
g.found rect { fill: #b39ddb }
</style>
<label>Find a function: <input type="search"></label>
${flameGraphSvg(stacks, options)}<script>${search}</script>
</html>
`
}
