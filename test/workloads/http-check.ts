import { type Agent, get } from 'node:http'
import type { Activity } from './load.js'

interface Answer {
  readonly status: number
  readonly body: string
}

/** Fetches one page over a kept connection. */
export function fetchPage(agent: Agent, port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ agent, host: '127.0.0.1', port, path, timeout: 15_000 }, (response) => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error(`${path}: no answer for 15 s`)))
    request.on('error', reject)
  })
}

/** Fetches pages one after the other; `expected` knows each body. */
export function checkPages(
  agent: Agent,
  port: number,
  pathOf: (n: number) => string,
  expected: (n: number) => string,
): Activity {
  let n = 0
  return async (tally) => {
    const now = n++
    const path = pathOf(now)
    const answer = await fetchPage(agent, port, path)
    tally.answered()
    if (answer.status !== 200) tally.failed(`${path}: status ${answer.status}`)
    else if (answer.body !== expected(now)) tally.wrong(`${path}: ${answer.body.length} bytes that are not the page`)
  }
}
