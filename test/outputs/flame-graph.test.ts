import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flameGraphHtml } from '../../src/outputs/flame-graph/flame-graph-html.js'
import { flameGraphSvg } from '../../src/outputs/flame-graph/flame-graph-svg.js'
import { flameLayout } from '../../src/outputs/flame-graph/flame-layout.js'
import { foldedStacks } from '../../src/outputs/flame-graph/folded-stacks.js'
import { callTree } from '../../src/record/call-tree.js'
import type { StackCount } from '../../src/record/stack-count.js'

/** `main;work;malloc`, outermost first. `?` is in no symbol. */
function stack(path: string, count: bigint): StackCount {
  const frames = path.split(';').map((name, at) => ({
    address: BigInt(at + 1),
    symbol: name === '?' ? undefined : { name, offset: BigInt(at), module: '/app' },
  }))
  return { frames: frames.toReversed(), count }
}

const stacks = [stack('main;b;leaf', 1n), stack('main;a;leaf', 2n), stack('main;a', 1n), stack('other;?', 4n)]

test('stacks are folded by name, whatever their addresses', () => {
  assert.equal(
    foldedStacks([...stacks, stack('main;a', 5n)]),
    'main;a 6\nmain;a;leaf 2\nmain;b;leaf 1\nother;[unknown] 4\n',
  )
  assert.equal(
    foldedStacks([stack('main;a', 1n)].map((each) => ({ ...each, count: 10n ** 18n }))),
    'main;a 1000000000000000000\n',
  )
})

test('a semicolon in a name does not begin another frame', () => {
  const frames = [{ address: 1n, symbol: { name: 'a;b', offset: 0n, module: '/app' } }]
  assert.equal(foldedStacks([{ frames, count: 1n }]), 'a:b 1\n')
})

test('a function is as wide as its part of the hits, above its caller', () => {
  const boxes = flameLayout(callTree(stacks), 0)
  assert.deepEqual(
    boxes.map(({ name, from, width, level }) => [name, from, width, level]),
    [
      ['all', 0, 1, 0],
      ['main', 0, 0.5, 1],
      ['a', 0, 0.375, 2],
      ['leaf', 0, 0.25, 3],
      ['b', 0.375, 0.125, 2],
      ['leaf', 0.375, 0.125, 3],
      ['other', 0.5, 0.5, 1],
      ['[unknown]', 0.5, 0.5, 2],
    ],
  )
})

test('boxes that are too narrow are left out, with what is above them', () => {
  const names = flameLayout(callTree(stacks), 0.2).map(({ name }) => name)
  assert.deepEqual(names, ['all', 'main', 'a', 'leaf', 'other', '[unknown]'])
})

test('the picture is well-formed, and hostile names stay text', () => {
  const svg = flameGraphSvg([stack('main;<script>alert("1")</script>&\u0001', 1n)], { title: 'a & b' })
  assert.doesNotMatch(svg, /<script|\u0001|& /)
  assert.match(
    svg,
    /<title>&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&amp;\ufffd: 1 of 1 hits, 100\.0 %<\/title>/,
  )
  const [opened, closed] = [/<(g|svg|text|title)[ >]/g, /<\/(g|svg|text|title)>/g].map((tag) => svg.match(tag)?.length)
  assert.equal(opened, closed)
})

test('every label fits into its box', () => {
  const svg = flameGraphSvg(
    [...stacks, stack('main;a_function_with_a_very_long_name_that_cannot_be_shown_in_full', 1n)],
    {
      title: 't',
    },
  )
  const boxes = [...svg.matchAll(/width="([\d.]+)"[^>]*\/><text[^>]*>([^<]*)</g)]
  assert.ok(boxes.length >= 8)
  for (const [, width, label = ''] of boxes) assert.ok(6.6 * label.length + 3 <= Number(width), label)
})

test('no stacks make a picture, too', () => {
  assert.match(flameGraphSvg([], { title: 't' }), /t: 0 hits/)
})

test('the page has the picture, and loads nothing', () => {
  const page = flameGraphHtml(stacks, { title: '<t>' })
  assert.ok(page.includes(flameGraphSvg(stacks, { title: '<t>' })))
  assert.doesNotMatch(page, /<t>|src=|href=|@import/)
})
