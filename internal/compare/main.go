// Command compare sends the same requests to two Wardgates, an old and a new
// one, and reports each member of an answer or a journal record that differs.
//
// Both run the demo hospital on the rule book that is built into them, in fresh
// data folders, side by side; one client sends each request to both at once.
// What is random (ids, tokens, codes, times) is compared by where it first
// appeared. The package imports nothing of Wardgate: it sees what a client, an
// application behind the enforcement point and a reader of the journal see.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	var o options
	flag.StringVar(&o.old, "old", "", "program of the parent commit")
	flag.StringVar(&o.new, "new", "", "program to compare with it")
	flag.IntVar(&o.requests, "n", 100_000, "how many requests")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the sequence")
	flag.StringVar(&o.ignore, "ignore", "", "file that lists the members that may differ")
	flag.StringVar(&o.folder, "folder", "", "where the data folders are made; a memory disk is fastest (default: /dev/shm, or else the temporary folder)")
	flag.BoolVar(&o.keep, "keep", false, "keep the data folders")
	flag.Parse()
	if o.old == "" || o.new == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	found, err := compare(&o, interrupted, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
	if found {
		os.Exit(1)
	}
}
