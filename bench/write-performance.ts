/** Fills the tables of docs/performance.md from the newest results in bench/results/. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutRoot } from '../test/programs/checkout.js'
import { fillSections, performanceSections, type Results } from './performance-page.js'

const names = [
  'cost',
  'attach',
  'mechanisms',
  'returns',
  'scripts',
  'stacks',
  'handlers',
  'all-functions',
  'kill9',
  'redis-cycles',
] as const satisfies readonly (keyof Results)[]

/** The files are our own, written from the very types that they are read as. */
function readResults(): Results {
  const fields = names.flatMap((name) => {
    const path = join(checkoutRoot, 'bench/results', `${name}.json`)
    return existsSync(path) ? [`"${name}":${readFileSync(path, 'utf8')}`] : []
  })
  return JSON.parse(`{${fields.join(',')}}`)
}

const skeleton = `# Performance

What one hit costs, in nanoseconds added to the call:

<!-- figures: cost -->
<!-- end -->

What one hit costs with each mechanism, one thread, and how often that goes into what ltrace -c costs:

<!-- figures: mechanisms -->
<!-- end -->

What looking at a function's returns adds to a call, in nanoseconds, and beside what others do:

<!-- figures: returns -->
<!-- end -->

What one hit of a script costs, beside the same script by bpftrace and an event of LTTng-UST:

<!-- figures: scripts -->
<!-- end -->

A count by stack, beside bpftrace's, on a chain of sixteen calls:

<!-- figures: stacks -->
<!-- end -->

The machine code of a handler, nanoseconds beyond an empty call, beside the same work compiled by gcc -O2:

<!-- figures: handlers -->
<!-- end -->

What attaching costs, in milliseconds:

<!-- figures: attach -->
<!-- end -->

Every function of the main binary and of libc, attached and detached under load:

<!-- figures: all-functions -->
<!-- end -->

ring3 killed by SIGKILL:

<!-- figures: kill9 -->
<!-- end -->

System calls that are interrupted:

<!-- figures: redis-cycles -->
<!-- end -->
`

const page = join(checkoutRoot, 'docs/performance.md')
const text = existsSync(page) ? readFileSync(page, 'utf8') : skeleton
writeFileSync(page, fillSections(text, performanceSections(readResults())))
