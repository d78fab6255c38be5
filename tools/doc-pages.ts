import { exitCodes } from '../src/cli/exit-code.js'
import { refusalCodes } from '../src/refusal/codes.js'

/** docs/refusals.md. */
export function refusalsPage(): string {
  const rows = Object.entries(refusalCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
  return page(
    'Refusals',
    `ring3 never tries a write that it has not proven safe. What it cannot do it refuses, with a code and a sentence.

- A **site** that is refused does not stop the others: \`ring3 count\` sums up the refused sites on stderr (\`-v\` lists
  them, \`-f json\` has them in \`attached_probes\`), and \`ring3 explain\` shows the reasoning for a site.
- A refused **pattern or target** ends the command with one message and an exit code (see [exit codes](exit-codes.md));
  the target is as it was found. \`-v\` adds the code to the message.`,
    ['| code | meaning |', '|---|---|', ...rows],
  )
}

/** docs/exit-codes.md. */
export function exitCodesPage(): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`)
  return page(
    'Exit codes',
    `Whatever the code, the target goes on running. A count that was ended by hand has done its job, as with bpftrace and
perf: Ctrl-C, \`timeout\` and \`-d\` all end it with 0 and the counts on stdout. A reader that goes away
(\`ring3 count … | head\`) ends it with 0 and without a message. Sites that were refused while others are counted do not
change the code; when no site at all could be probed, the command has failed.`,
    ['| code | meaning |', '|---:|---|', ...rows],
  )
}

function page(title: string, text: string, table: readonly string[]): string {
  return `<!-- Generated from the source by \`npm run golden\`; a test compares it. -->\n# ${title}\n\n${text}\n\n${table.join('\n')}\n`
}
