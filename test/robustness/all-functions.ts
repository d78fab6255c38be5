/** Redis, PostgreSQL, nginx and node under load, with every function of the main binary and of libc probed, 20 times. */
import { allWorkloads } from '../workloads/all-workloads.js'
import { type AllFunctionsReport, isClean, runAllFunctions } from './all-functions-run.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

const { rounds, only } = scriptOptions(20)
const reports: AllFunctionsReport[] = []
for (const workload of allWorkloads) {
  if (only !== undefined && workload.name !== only) continue
  const missing = workload.missing()
  if (missing !== undefined) {
    process.stdout.write(`${workload.name}: ${missing}\n`)
    continue
  }
  const report = await runAllFunctions(workload, rounds)
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`)
  reports.push(report)
}
writeResult(only === undefined ? 'all-functions' : `all-functions-${only}`, reports)
process.exitCode = reports.every(isClean) ? 0 : 1
