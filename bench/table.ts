/** Rows as a Markdown table, padded so that it reads well in a terminal, too. Columns after the first are numbers. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const isText = (column: number): boolean => column === 0 || column === head.length - 1
  const cells = (row: readonly string[]): string =>
    widths
      .map((width, column) => {
        const text = row[column] ?? ''
        return isText(column) ? text.padEnd(width) : text.padStart(width)
      })
      .join(' | ')
  const rule = widths.map((width, column) => (isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [cells(head), rule.join(' | '), ...rows.map(cells)].map((line) => `| ${line} |`).join('\n')
}

/** Nanoseconds, with as many digits as mean something. */
export function formatNs(ns: number): string {
  if (Math.abs(ns) < 10) return ns.toFixed(2)
  if (Math.abs(ns) < 100) return ns.toFixed(1)
  return Math.round(ns).toLocaleString('en-US')
}

export function formatMs(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : Math.round(ms).toLocaleString('en-US')
}
