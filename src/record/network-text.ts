/** An `inet` block as text: 4 bytes of family, 16 of address. */
export function inetText(block: Uint8Array): string {
  const bytes = block.subarray(4)
  return block[0] === 4 ? bytes.subarray(0, 4).join('.') : ipv6Text(bytes.subarray(0, 16))
}

/** RFC 5952: hexadecimal groups, the longest run of zeros as `::`. IPv4 addresses in IPv6 keep their dots, as inet_ntop(3) does. */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0))
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return `::ffff:${bytes.subarray(12).join('.')}`
  const [start, length] = longestZeros(groups)
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

/** Where the longest run of zeros begins, the first of several. */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0]
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best[1]) best = [start, length]
  }
  return best
}

export function macText(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 6), (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':')
}
