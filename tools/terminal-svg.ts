const FONT_SIZE = 14
const LINE_HEIGHT = 20
const CHARACTER_WIDTH = 8.43
const MARGIN = 20

/** A picture of a terminal that shows `text`, which may hold the ANSI codes for bold and dim. */
export function terminalPicture(text: string): string {
  const lines = text.trimEnd().split('\n')
  const columns = Math.max(...lines.map((line) => Array.from(withoutEscapes(line)).length))
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * MARGIN)
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN
  const rows = lines.map((line, at) => row(line, MARGIN + (at + 1) * LINE_HEIGHT - 5))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="100%" height="100%" rx="8" fill="#1b1f24"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" fill="#d1d7e0" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`
}

/** One line of text; the font's width is not trusted, so the length of each run is given. */
function row(line: string, y: number): string {
  let column = 0
  const runs = line.split(/(?=\x1b\[)/).map((part) => {
    const style = /^\x1b\[(?:1)m/.test(part)
      ? ' font-weight="bold"'
      : /^\x1b\[2m/.test(part)
        ? ' fill-opacity="0.6"'
        : ''
    const shown = withoutEscapes(part)
    const length = Array.from(shown).length
    const x = MARGIN + column * CHARACTER_WIDTH
    column += length
    const size = `x="${x.toFixed(1)}" textLength="${(length * CHARACTER_WIDTH).toFixed(1)}"`
    return length === 0 ? '' : `<tspan ${size}${style}>${escaped(shown)}</tspan>`
  })
  return `<text y="${y}">${runs.join('')}</text>`
}

function withoutEscapes(text: string): string {
  return text.replace(/\x1b\[[\d;]*[A-Za-z]/g, '')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
