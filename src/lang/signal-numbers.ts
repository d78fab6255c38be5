/** Linux's signals on x86-64: signal(7). */
export const signalNumbers: ReadonlyMap<string, number> = new Map(
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
    .split(' ')
    .map((name, at) => [`SIG${name}`, at + 1]),
)
