// Draws the text on stdin as a picture of a terminal, in SVG on stdout: `… | node dist/tools/terminal-picture.js >docs/count.svg`.
// Bold and dim are understood; other escape sequences are left out.
import { text } from 'node:stream/consumers'
import { terminalPicture } from './terminal-svg.js'

process.stdout.write(terminalPicture(await text(process.stdin)))
