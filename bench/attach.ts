/** Time stopped and set-up time for 1, 100, 1,000 and all functions. `--rounds N`. */
import { writeResult } from '../test/robustness/result-file.js'
import { scriptOptions } from '../test/robustness/script-options.js'
import { runAttach } from './attach-run.js'
import { attachTable } from './attach-table.js'

const report = await runAttach(scriptOptions(10).rounds)
process.stdout.write(`${attachTable(report)}\n`)
writeResult('attach', report)
