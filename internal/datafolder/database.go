package datafolder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// The head of a SQLite file (https://www.sqlite.org/fileformat2.html, 1.3).
const (
	sqliteMagic = "SQLite format 3\x00"
	sqliteHead  = 100
)

// checkDatabase says what is wrong with a SQLite file, or "". It opens no
// database: that would begin to repair it. What is in the log beside the file may
// not stand in it yet, so that a file is judged by its length only without one.
func checkDatabase(path string, size int64, must bool) string {
	log, err := os.Stat(path + "-wal")
	logged := err == nil && log.Size() > 0
	if size == 0 {
		if must && !logged {
			return "is empty"
		}
		return ""
	}
	head, err := readHead(path)
	if err != nil {
		return "cannot be read: " + reason(err)
	}
	if string(head[:len(sqliteMagic)]) != sqliteMagic {
		return "is no SQLite database"
	}
	page, pages := int64(binary.BigEndian.Uint16(head[16:])), int64(binary.BigEndian.Uint32(head[28:]))
	if page == 1 {
		page = 1 << 16
	}
	switch {
	case logged:
		return ""
	case must && size <= page:
		return "holds no table"
	case size < page*pages:
		return fmt.Sprintf("is cut short: it has %d bytes of %d", size, page*pages)
	}
	return ""
}

// readHead returns the head of a file; of a shorter one it is filled with zeros.
func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, sqliteHead)
	_, err = io.ReadFull(f, head)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head, errors.Join(err, f.Close())
}
