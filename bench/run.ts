/** `npm run bench`: what a hit costs, then what attaching costs; tables on stdout, JSON in bench/results/. */
import { writeResult } from '../test/robustness/result-file.js'
import { scriptOptions } from '../test/robustness/script-options.js'
import { runAttach } from './attach-run.js'
import { attachTable } from './attach-table.js'
import { runCost } from './cost-run.js'
import { costTable } from './cost-table.js'

const { rounds } = scriptOptions(20)
const cost = await runCost(rounds)
process.stdout.write(`\nOne hit, nanoseconds added: median (quartiles)\n\n${costTable(cost)}\n\n`)
writeResult('cost', cost)
const attach = await runAttach(Math.ceil(rounds / 2))
process.stdout.write(`\nAttaching, milliseconds: median (quartiles)\n\n${attachTable(attach)}\n\n`)
writeResult('attach', attach)
