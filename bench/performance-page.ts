import type { AllFunctionsReport } from '../test/robustness/all-functions-run.js'
import type { Kill9Report } from '../test/robustness/kill9-run.js'
import type { RedisCyclesReport } from '../test/robustness/redis-cycles-run.js'
import type { AttachReport } from './attach-run.js'
import { attachTable } from './attach-table.js'
import type { CostReport } from './cost-run.js'
import { costTable } from './cost-table.js'
import type { HandlerCost } from './handlers-run.js'
import { handlersTable } from './handlers-table.js'
import type { Machine } from './machine.js'
import { mechanismsTable } from './mechanisms-table.js'
import type { ReturnsReport } from './returns-run.js'
import { returnsTable } from './returns-table.js'
import { scriptsTable } from './scripts-table.js'
import { formatMs, formatTable } from './table.js'

/** Results of bench/ and of test/robustness/, by the names of their files. */
export interface Results {
  readonly cost?: CostReport
  readonly attach?: AttachReport
  readonly mechanisms?: CostReport
  readonly returns?: ReturnsReport
  readonly scripts?: CostReport
  readonly stacks?: CostReport
  readonly handlers?: readonly HandlerCost[]
  readonly 'all-functions'?: readonly AllFunctionsReport[]
  readonly kill9?: readonly Kill9Report[]
  readonly 'redis-cycles'?: RedisCyclesReport
}

function machineLine({ processor, processors, kernel, node, virtual }: Machine): string {
  const virtually = virtual === 'none' || virtual === 'no' ? '' : `, virtual (${virtual})`
  return `Measured on: ${processor}, ${processors} processors${virtually}, Linux ${kernel}, Node ${node.slice(1)}.`
}

function measured<R extends { machine: Machine; rounds: number }>(report: R, table: (report: R) => string): string {
  return `${machineLine(report.machine)} ${report.rounds} rounds, median and quartiles.\n\n${table(report)}`
}

function returnsSection(report: ReturnsReport): string {
  return `${machineLine(report.machine)} ${report.rounds} rounds; of each, the fast blocks.\n\n${returnsTable(report)}`
}

function workloadRow(report: AllFunctionsReport): readonly string[] {
  const { workload, rounds, functions, servedByJump, stopped, started, load, problems } = report
  return [
    workload,
    String(rounds),
    functions.toLocaleString('en-US'),
    `${servedByJump} %`,
    formatMs(stopped.median),
    formatMs(started.median),
    load.requests.toLocaleString('en-US'),
    String(load.failures),
    String(load.wrongAnswers),
    problems.length === 0 ? 'as before' : problems.join('; '),
  ]
}

function workloadSection(reports: readonly AllFunctionsReport[]): string {
  const numbers = ['cycles', 'functions', 'by jump', 'ms stopped', 'ms set-up', 'requests', 'failed', 'wrong']
  return formatTable(['workload', ...numbers, 'text and maps'], reports.map(workloadRow))
}

function killSection(reports: readonly Kill9Report[]): string {
  const rows = reports.map(({ target, kills, killsWhileTraced, cleans, cleansWithLeftovers, problems }) => [
    target,
    String(kills),
    String(killsWhileTraced),
    `${cleansWithLeftovers} of ${cleans}`,
    problems.length === 0 ? 'alive, right, restored' : problems.join('; '),
  ])
  return formatTable(['target', 'kills', 'while it was held', 'cleans that found something', 'target'], rows)
}

function cyclesSection(report: RedisCyclesReport): string {
  const { cycles, interrupted, watchedCalls, controlInterrupted, stopped, load } = report
  const figures = [
    ['attach and detach cycles', cycles],
    ['system calls of redis that were watched', watchedCalls],
    ['EINTR seen by redis', interrupted],
    ['EINTR seen without ring3', controlInterrupted],
    ['requests', load.requests],
    ['failed or wrong', load.failures + load.wrongAnswers],
    ['median ms stopped', stopped.median],
  ] as const
  return formatTable(
    ['on redis under load', 'figure', ''],
    figures.map(([what, n]) => [what, n.toLocaleString('en-US'), '']),
  )
}

/** The generated parts of docs/performance.md, by name. */
export function performanceSections(results: Results): ReadonlyMap<string, string> {
  const sections = new Map<string, string>()
  if (results.cost) sections.set('cost', measured(results.cost, costTable))
  if (results.attach) sections.set('attach', measured(results.attach, attachTable))
  if (results.mechanisms) sections.set('mechanisms', measured(results.mechanisms, mechanismsTable))
  if (results.scripts) sections.set('scripts', measured(results.scripts, scriptsTable))
  if (results.stacks) sections.set('stacks', measured(results.stacks, scriptsTable))
  if (results.handlers) sections.set('handlers', handlersTable(results.handlers))
  if (results.returns) sections.set('returns', returnsSection(results.returns))
  if (results['all-functions']) sections.set('all-functions', workloadSection(results['all-functions']))
  if (results.kill9) sections.set('kill9', killSection(results.kill9))
  if (results['redis-cycles']) sections.set('redis-cycles', cyclesSection(results['redis-cycles']))
  return sections
}

/** Puts each section between its marks, `<!-- figures: NAME -->` and `<!-- end -->`; the text around them is written by hand. */
export function fillSections(page: string, sections: ReadonlyMap<string, string>): string {
  return page.replace(/(<!-- figures: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g, (whole, begin, name, end) => {
    const section = sections.get(name)
    return section === undefined ? whole : `${begin}\n${section}\n\n${end}`
  })
}
