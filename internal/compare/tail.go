package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A tail reads a journal while it is written. A record is durable before what
// it allows is done, and an outcome before its answer leaves: once an answer is
// here, the records of its request can be read.
type tail struct {
	folder  string
	segment int
	file    *os.File
	rest    []byte // the beginning of a line whose end is not there yet
	buffer  []byte
}

func newTail(folder string) *tail {
	return &tail{folder: folder, segment: 1, buffer: make([]byte, 256<<10)}
}

// hashDigits is how long the chain's hash is, in front of each record.
const hashDigits = 64

// read returns the JSON of all records since the last time.
func (t *tail) read() ([][]byte, error) {
	var records [][]byte
	for {
		if t.file == nil {
			f, err := os.Open(filepath.Join(t.folder, fmt.Sprintf("journal-%08d.log", t.segment)))
			if errors.Is(err, fs.ErrNotExist) {
				return records, nil
			}
			if err != nil {
				return nil, err
			}
			t.file = f
		}
		n, err := t.file.Read(t.buffer)
		t.rest = append(t.rest, t.buffer[:n]...)
		for {
			line, rest, whole := bytes.Cut(t.rest, []byte{'\n'})
			if !whole {
				break
			}
			t.rest = rest
			if len(line) > hashDigits+1 && bytes.Contains(line[:min(len(line), hashDigits+16)], []byte(`{"seq":`)) {
				records = append(records, bytes.Clone(line[hashDigits+1:]))
			}
		}
		t.rest = bytes.Clone(t.rest)
		if errors.Is(err, io.EOF) {
			if !t.nextExists() {
				return records, nil
			}
			continue
		}
		if err != nil {
			return nil, err
		}
	}
}

// nextExists moves on to the next segment once there is one.
func (t *tail) nextExists() bool {
	if _, err := os.Stat(filepath.Join(t.folder, fmt.Sprintf("journal-%08d.log", t.segment+1))); err != nil {
		return false
	}
	t.file.Close()
	t.file, t.rest = nil, nil
	t.segment++
	return true
}
