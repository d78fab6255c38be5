import { bswap } from './bswap.js'
import { buf } from './buf.js'
import { clear, zero } from './clear.js'
import { deleteFunction } from './delete.js'
import { exit } from './exit.js'
import { cat, errorf, printf, system, warnf } from './formatted.js'
import type { FunctionEntry } from './function-entry.js'
import { hasKey } from './has-key.js'
import { join } from './join.js'
import { len } from './len.js'
import { macaddr } from './macaddr.js'
import { nsecs } from './nsecs.js'
import { ntop } from './ntop.js'
import { print } from './print.js'
import { pid, tid } from './process-ids.js'
import { pton } from './pton.js'
import { reg } from './reg.js'
import { signal, signalThread } from './signal.js'
import { str } from './str.js'
import { strcontains, strstr } from './strcontains.js'
import { strerror } from './strerror.js'
import { strftime, time } from './strftime.js'
import { strlen } from './strlen.js'
import { strncmp } from './strncmp.js'
import { uaddr } from './uaddr.js'
import { ustack } from './ustack.js'
import { usym } from './usym.js'

/** The functions of the language, without the aggregations. */
export const functions: ReadonlyMap<string, FunctionEntry> = new Map(
  [
    bswap,
    buf,
    cat,
    clear,
    deleteFunction,
    errorf,
    exit,
    hasKey,
    join,
    len,
    macaddr,
    nsecs,
    ntop,
    pid,
    print,
    printf,
    pton,
    reg,
    signal,
    signalThread,
    str,
    strcontains,
    strerror,
    strftime,
    strlen,
    strncmp,
    strstr,
    system,
    tid,
    time,
    uaddr,
    ustack,
    usym,
    warnf,
    zero,
  ].map((entry) => [entry.name, entry]),
)
