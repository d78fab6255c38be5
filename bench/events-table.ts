import type { EventsReport } from './events-run.js'
import { formatTable } from './table.js'

export function eventsTable(reports: readonly EventsReport[]): string {
  const rows = reports.map(({ rate, written, received, lost, writtenInSeconds, receivedInSeconds }) => [
    rate === 0 ? 'unpaced' : `${millions(rate)} a second`,
    millions(written),
    writtenInSeconds.toFixed(2),
    millions(received),
    receivedInSeconds.toFixed(2),
    millions(received / receivedInSeconds),
    millions(lost),
    received + lost === written ? 'yes' : `NO: ${received + lost - written}`,
  ])
  const head = ['events', 'written', 'in s', 'received', 'in s', 'a second', 'lost', 'received + lost = written']
  return formatTable(head, rows)
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(3)} M`
}
