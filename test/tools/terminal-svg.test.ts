import assert from 'node:assert/strict'
import { test } from 'node:test'
import { terminalPicture } from '../../tools/terminal-svg.js'

test('a picture has a line of text for each line, with styles, and escapes what XML reserves', () => {
  const picture = terminalPicture('\x1b[1mcalls\x1b[22m  f\na<b>&\n')
  assert.match(
    picture,
    /<tspan x="20\.0" textLength="42\.1" font-weight="bold">calls<\/tspan><tspan [^>]*> {2}f<\/tspan>/,
  )
  assert.match(picture, /a&lt;b&gt;&amp;/)
  assert.equal(picture.match(/<text /g)?.length, 2)
})
