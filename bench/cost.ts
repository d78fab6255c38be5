/** What one hit costs: ring3 and the others, interleaved in one run. `--rounds N`, `--only VARIANT`. */
import { writeResult } from '../test/robustness/result-file.js'
import { scriptOptions } from '../test/robustness/script-options.js'
import { runCost } from './cost-run.js'
import { costTable } from './cost-table.js'

const { rounds, only } = scriptOptions(20)
const report = await runCost(rounds, only)
process.stdout.write(`${costTable(report)}\n`)
writeResult(only === undefined ? 'cost' : 'cost-partial', report)
