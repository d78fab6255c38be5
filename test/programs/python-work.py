"""Real work that is the same every time, as sqlite-work.c, by an interpreter. Collections are its own decision, not chance."""
import gc
import sys


def mix(value, total):
    return ((total ^ value) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF


def work():
    total = 0xCBF29CE484222325
    words = {}
    for n in range(40):
        word = "word %d" % (n * n % 17)
        words[word] = words.get(word, 0) + n
    for word, count in sorted(words.items(), key=lambda pair: (-pair[1], pair[0])):
        for letter in word:
            total = mix(ord(letter) + count, total)
    numbers = sorted((total >> n) % 1000 for n in range(40))
    return mix(sum(numbers), mix(len("".join(map(str, numbers))), total))


gc.disable()
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "quit":
        break
    gc.collect()
    print("sum=%d" % work(), flush=True)
