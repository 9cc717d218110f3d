// The workloads of scheduler_bench on Go's own runtime, run as its child:
//
//	scheduler_bench_go WORKLOAD WORKERS OPERATIONS
//
// prints one line of JSON: {"seconds": s, "p50_ns": n, "p99_ns": n}. The main
// goroutine, which is no task of the pool elsewhere, takes part as a goroutine.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type result struct {
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50_ns"`
	P99     float64 `json:"p99_ns"`
}

// A counter for each goroutine's P would need the runtime's inside; a shared
// one would be most of what an empty goroutine costs. One of 64, by number.
var tally [64]struct {
	n atomic.Int64
	_ [56]byte
}

func count(i int) { tally[i&63].n.Add(1) }

func awaitTotal(goal int64) {
	for {
		var sum int64
		for i := range tally {
			sum += tally[i].n.Load()
		}
		if sum >= goal {
			return
		}
		time.Sleep(20 * time.Microsecond)
	}
}

func timed(f func()) result {
	begin := time.Now()
	f()
	return result{Seconds: time.Since(begin).Seconds()}
}

func spawnOutside(n int) {
	for i := 0; i < n; i++ {
		go count(i)
	}
	awaitTotal(int64(n))
}

func spawnInside(n int) {
	go func() {
		for i := 0; i < n; i++ {
			go count(i)
		}
	}()
	awaitTotal(int64(n))
}

const treeDepth = 20
const firstLeaf = 1 << treeDepth

type tree struct {
	second [firstLeaf]atomic.Uint32
	done   chan bool
}

func (t *tree) node(i uint32) {
	if i >= firstLeaf {
		t.ended(i)
		return
	}
	go t.node(2 * i)
	go t.node(2*i + 1)
}

func (t *tree) ended(i uint32) {
	for i /= 2; i != 0; i /= 2 {
		if t.second[i].Add(1)&1 == 1 {
			return
		}
	}
	t.done <- true
}

func forkJoin(n int) {
	t := &tree{done: make(chan bool)}
	for ran := 0; ran < n; ran += 2*firstLeaf - 2 {
		go t.node(1)
		<-t.done
	}
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	left := make(chan int, 1)
	go func() { left <- fib(n - 1) }()
	b := fib(n - 2)
	return <-left + b
}

func forkJoinNative(n int) {
	for ran := 0; ran < n; ran += 317810 {
		if fib(27) != 196418 {
			panic("wrong result")
		}
	}
}

func pingPong(n int) {
	done := make(chan bool)
	var ping, pong func()
	ping = func() {
		if n--; n < 0 {
			done <- true
		} else {
			go pong()
		}
	}
	pong = func() {
		if n--; n < 0 {
			done <- true
		} else {
			go ping()
		}
	}
	go ping()
	<-done
}

func pingPongPark(n int) {
	a, b, done := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		for i := 0; i < n/2; i++ {
			a <- true
			<-b
		}
		done <- true
	}()
	go func() {
		for i := 0; i < n/2; i++ {
			<-a
			b <- true
		}
	}()
	<-done
}

func fanOutIn(n int) {
	for ran := 0; ran < n; ran += 64 {
		var group sync.WaitGroup
		group.Add(64)
		for i := 0; i < 64; i++ {
			go func() { count(i); group.Done() }()
		}
		group.Wait()
	}
}

func resubmit(n int) {
	done := make(chan bool)
	for c := 0; c < 2; c++ {
		left := n / 2
		var step func()
		step = func() {
			if left--; left == 0 {
				done <- true
			} else {
				go step()
			}
		}
		go step()
	}
	<-done
	<-done
}

func yield(n int) {
	tasks := 2 * runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	group.Add(tasks)
	for t := 0; t < tasks; t++ {
		go func() {
			for i := 0; i < n/tasks; i++ {
				runtime.Gosched()
			}
			group.Done()
		}()
	}
	group.Wait()
}

const timers, churns = 512, 100000

func churnTimers(seed uint64) {
	var all [timers]*time.Timer
	for i := range all {
		all[i] = time.AfterFunc(time.Hour, func() {})
		all[i].Stop()
	}
	for i := 0; i < churns; i++ {
		seed = seed*6364136223846793005 + 1442695040888963407
		random := uint32(seed >> 32)
		timer := all[random%timers]
		if random>>29 == 0 {
			timer.Stop()
		} else {
			timer.Reset(time.Minute + time.Duration(random%60000)*time.Millisecond)
		}
	}
	for _, timer := range all {
		timer.Stop()
	}
}

func timerChurn(n int) {
	for ran := 0; ran < n; ran += 2 * churns {
		var group sync.WaitGroup
		group.Add(2)
		for seed := uint64(1); seed <= 2; seed++ {
			go func() { churnTimers(seed); group.Done() }()
		}
		group.Wait()
	}
}

func end(fd int) net.Conn {
	file := os.NewFile(uintptr(fd), "pair")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		panic(err)
	}
	return conn
}

const echoPairs, echoRounds = 16, 2000

func echo(conn net.Conn, group *sync.WaitGroup) {
	defer group.Done()
	defer conn.Close()
	buffer := make([]byte, 64)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		conn.Write(buffer[:n])
	}
}

func call(conn net.Conn, group *sync.WaitGroup) {
	defer group.Done()
	defer conn.Close()
	buffer := make([]byte, 64)
	for round := 0; round < echoRounds; round++ {
		conn.Write(buffer)
		conn.Read(buffer)
	}
}

func netpollEcho(n int) {
	for ran := 0; ran < n; ran += echoPairs * echoRounds {
		var group sync.WaitGroup
		group.Add(2 * echoPairs)
		for i := 0; i < echoPairs; i++ {
			fds, err := syscall.Socketpair(syscall.AF_UNIX,
				syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
			if err != nil {
				panic(err)
			}
			go echo(end(fds[0]), &group)
			go call(end(fds[1]), &group)
		}
		group.Wait()
	}
}

func blocking(n int) {
	done := make(chan bool)
	go func() {
		for i := 0; i < n; i++ {
			syscall.Syscall(syscall.SYS_GETPPID, 0, 0, 0)
		}
		done <- true
	}()
	<-done
}

// The producer sleeps in the kernel on a thread of its own, as elsewhere.
func wakeIdle(n int) result {
	runtime.LockOSThread()
	latencies := make([]float64, 0, n)
	var sum float64
	for i := 0; i < n; i++ {
		pause := syscall.Timespec{Nsec: 200000}
		syscall.Nanosleep(&pause, nil)
		ran := make(chan time.Time, 1)
		before := time.Now()
		go func() { ran <- time.Now() }()
		latency := float64((<-ran).Sub(before).Nanoseconds())
		latencies = append(latencies, latency)
		sum += latency
	}
	sort.Float64s(latencies)
	return result{sum * 1e-9, latencies[len(latencies)/2], latencies[len(latencies)*99/100]}
}

func cpu() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func idleCpu() result {
	time.Sleep(50 * time.Millisecond)
	before := cpu()
	time.Sleep(time.Second)
	return result{Seconds: (cpu() - before).Seconds()}
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: scheduler_bench_go WORKLOAD WORKERS OPERATIONS")
		os.Exit(2)
	}
	workers, _ := strconv.Atoi(os.Args[2])
	n, _ := strconv.Atoi(os.Args[3])
	runtime.GOMAXPROCS(workers)
	plain := map[string]func(int){
		"spawn_outside": spawnOutside, "spawn_inside": spawnInside,
		"fork_join": forkJoin, "fork_join_native": forkJoinNative,
		"ping_pong": pingPong, "ping_pong_park": pingPongPark,
		"fan_out_in_native": fanOutIn, "resubmit": resubmit, "yield": yield,
		"timer_churn": timerChurn, "netpoll_echo": netpollEcho,
		"blocking_short": blocking,
	}
	var out result
	switch workload := os.Args[1]; {
	case workload == "wake_idle":
		out = wakeIdle(n)
	case workload == "idle_cpu":
		out = idleCpu()
	case plain[workload] != nil:
		out = timed(func() { plain[workload](n) })
	default:
		fmt.Fprintln(os.Stderr, "no workload", workload)
		os.Exit(2)
	}
	json.NewEncoder(os.Stdout).Encode(out)
}
