//! Threads that call one function, and panics that are caught. Says `ready`; at `go` answers
//! `counted work=N panics=N wrong=0`; `quit` ends it.
use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

const THREADS: u64 = 4;
const CALLS: u64 = 50_000;

static PANICS: AtomicU64 = AtomicU64::new(0);
static WRONG: AtomicU64 = AtomicU64::new(0);

#[inline(never)]
#[no_mangle]
pub extern "C" fn work(n: u64) -> u64 {
    n.wrapping_mul(3).wrapping_add(7) ^ n
}

#[inline(never)]
pub fn may_panic(n: u64) -> u64 {
    if n % 1000 == 0 {
        panic!("every thousandth");
    }
    work(n) + 1
}

fn run() {
    let mut seen = HashMap::new();
    for n in 0..CALLS {
        match panic::catch_unwind(|| may_panic(n)) {
            Ok(value) => {
                if value != (n.wrapping_mul(3).wrapping_add(7) ^ n) + 1 {
                    WRONG.fetch_add(1, Ordering::Relaxed);
                }
                *seen.entry(value % 97).or_insert(0u64) += 1;
            }
            Err(_) => {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    let all: u64 = seen.values().sum();
    if all + CALLS.div_ceil(1000) != CALLS {
        WRONG.fetch_add(1, Ordering::Relaxed);
    }
}

fn round() {
    PANICS.store(0, Ordering::Relaxed);
    let threads: Vec<_> = (0..THREADS).map(|_| thread::spawn(run)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let panics = PANICS.load(Ordering::Relaxed);
    println!("counted work={} panics={} wrong={}", THREADS * CALLS - panics, panics, WRONG.load(Ordering::Relaxed));
}

fn main() {
    panic::set_hook(Box::new(|_| {}));
    println!("ready");
    io::stdout().flush().unwrap();
    for line in io::stdin().lock().lines() {
        match line.unwrap().as_str() {
            "quit" => break,
            "go" => round(),
            _ => {}
        }
    }
}
