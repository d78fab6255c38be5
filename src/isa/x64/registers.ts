/** General registers by hardware number (SDM vol. 2, table 2-2 with REX): `registerNames[0]` is `rax`. */
export const registerNames = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const

export const RCX = 1
export const RSP = 4
