// Goroutines that call one function, and a web server. Says `ready PORT`; at `go` answers
// `counted work=N wrong=0`; `quit` ends it.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
)

const goroutines = 16
const calls = 20000

const factor = 0x9e3779b97f4a7c15

// Begins with an instruction that is longer than a jump: no goroutine can be suspended inside of its window.
//
//go:noinline
func work(n uint64) uint64 {
	return (n * factor) ^ n
}

// Short instructions and no stack check: a goroutine may be suspended inside of its window.
//
//go:noinline
func leaf(n uint64) uint64 {
	return (n*3 + 7) ^ n
}

// Grows its stack, so that goroutines move while they are inside of probed functions.
//
//go:noinline
func deep(n uint64) uint64 {
	var room [64]uint64
	room[n%64] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + room[n%64]
}

func callAll(wrong *uint64, lock *sync.Mutex) {
	bad := uint64(0)
	for n := uint64(0); n < calls; n++ {
		if work(n) != (n*factor)^n || leaf(n) != (n*3+7)^n {
			bad++
		}
		if n%1000 == 0 {
			if deep(200) != 200*201/2 {
				bad++
			}
			runtime.Gosched()
		}
	}
	lock.Lock()
	*wrong += bad
	lock.Unlock()
}

func round() {
	var wrong uint64
	var lock sync.Mutex
	var all sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			callAll(&wrong, &lock)
		}()
	}
	all.Wait()
	fmt.Printf("counted work=%d wrong=%d\n", goroutines*calls, wrong)
}

func answer(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.ParseUint(r.URL.Query().Get("n"), 10, 32)
	fmt.Fprintf(w, "%d", deep(n%500))
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(2)
	}
	http.HandleFunc("/", answer)
	go http.Serve(listener, nil)
	fmt.Printf("ready %d\n", listener.Addr().(*net.TCPAddr).Port)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() && lines.Text() != "quit" {
		if lines.Text() == "go" {
			round()
		}
	}
}
