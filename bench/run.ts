/**
 * `npm run bench -- [cost] [attach] [mechanisms] [handlers] [returns] [scripts] [stacks] [events] [--rounds N] [--only VARIANT]`: what a hit costs,
 * what attaching costs, how the mechanisms compare, what handlers cost beside compiled code, what returns, scripts and
 * stacks as keys cost beside others, and how many events come through; the first two where nothing is named. Tables on stdout, JSON in bench/results/.
 */
import { writeResult } from '../test/robustness/result-file.js'
import { scriptOptions } from '../test/robustness/script-options.js'
import { runAttach } from './attach-run.js'
import { attachTable } from './attach-table.js'
import { runCost } from './cost-run.js'
import { costTable } from './cost-table.js'
import { runEvents } from './events-run.js'
import { eventsTable } from './events-table.js'
import { runHandlers } from './handlers-run.js'
import { handlersTable } from './handlers-table.js'
import { runMechanisms } from './mechanisms-run.js'
import { mechanismsTable } from './mechanisms-table.js'
import { runReturns } from './returns-run.js'
import { returnsTable } from './returns-table.js'
import { runScripts } from './scripts-run.js'
import { scriptsTable } from './scripts-table.js'
import { runStacks } from './stacks-run.js'

const { rounds, only, names } = scriptOptions(20)

function show(title: string, table: string): void {
  process.stdout.write(`\n${title}: median (quartiles)\n\n${table}\n\n`)
}

const benches: Readonly<Record<string, () => Promise<void>>> = {
  async cost() {
    const report = await runCost(rounds, only)
    show('One hit, nanoseconds added', costTable(report))
    writeResult(resultName('cost'), report)
  },
  async attach() {
    const report = await runAttach(Math.ceil(rounds / 2))
    show('Attaching, milliseconds', attachTable(report))
    writeResult('attach', report)
  },
  async mechanisms() {
    const report = await runMechanisms(rounds, only)
    show('One hit of one thread, nanoseconds added', mechanismsTable(report))
    writeResult(resultName('mechanisms'), report)
  },
  async handlers() {
    const costs = runHandlers(rounds)
    show('Work of a handler, nanoseconds beyond an empty call', handlersTable(costs))
    writeResult('handlers', costs)
  },
  async returns() {
    const report = await runReturns(Math.ceil(rounds / 4), only)
    process.stdout.write(`\n${returnsTable(report)}\n\n`)
    writeResult(resultName('returns'), report)
  },
  async scripts() {
    const report = await runScripts(rounds)
    show('One hit of a script, nanoseconds added', scriptsTable(report))
    writeResult('scripts', report)
  },
  async stacks() {
    const report = await runStacks(rounds)
    show('A count by stack, nanoseconds added to a hit', scriptsTable(report))
    writeResult('stacks', report)
  },
  async events() {
    const reports = await runEvents()
    process.stdout.write(`\n${eventsTable(reports)}\n\n`)
    writeResult('events', reports)
  },
}

function resultName(bench: string): string {
  return only === undefined ? bench : `${bench}-partial`
}

for (const name of names.length > 0 ? names : ['cost', 'attach']) {
  const bench = benches[name]
  if (bench === undefined) throw new Error(`there is no bench ${name}: ${Object.keys(benches).join(', ')}`)
  await bench()
}
