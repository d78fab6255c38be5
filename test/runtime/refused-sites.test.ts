/** Sites that cannot be probed, by every mechanism: refused in a sentence, with the text untouched. */
import { test } from 'node:test'
import { assertRefused, withProgram } from './refusals.js'
import { ring3 } from './ring3-cli.js'
import { type Way, ways } from './ways.js'

const jump: Way = { name: 'jump', args: ['--via', 'jump'], usesInt3: false, pace: 1 }

const sites = [
  { site: 'self-rewriter:answer+2', what: 'the middle of an instruction', says: /is inside the instruction at/ },
  { site: 'self-rewriter:0x0', what: 'the file’s header', says: /(not|outside|no) .*(text|executable)/i },
  {
    site: 'self-rewriter:0x7fffffff',
    what: 'nothing',
    says: /(not|outside|no|beyond) .*(text|executable|file|loaded)/i,
  },
] as const

const ownTrap = { site: 'self-rewriter:halting+2', what: 'the program’s own int3', says: /trap/ } as const
/** In the target, a copy of it faults as it would itself. */
const privileged = { site: 'self-rewriter:halting', what: 'hlt', says: /privileged/ } as const

function sitesFor({ args, usesInt3 }: Way) {
  return [...sites, ...(usesInt3 ? [ownTrap] : []), ...(args.includes('breakpoint') ? [privileged] : [])]
}

for (const way of [jump, ...ways]) {
  for (const { site, what, says } of sitesFor(way)) {
    test(`${way.name}: a probe on ${what} is refused`, async (t) => {
      await withProgram(t, 'self-rewriter', [], async ({ pid }) => {
        const args = ['count', '-p', String(pid), '-d', '1', '-f', 'json', ...way.args, site]
        assertRefused(await ring3(args), says)
      })
    })
  }
}
