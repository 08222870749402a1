package audit

import (
	"io"
	"os"
)

// A File is what the journal asks of a file that it writes. Sync returns nil
// only when the contents would survive a power cut.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
	Stat() (os.FileInfo, error)
}

// A Disk opens the files that the journal writes. The flags are those of
// os.OpenFile; new files have mode 0600.
type Disk interface {
	Open(name string, flag int) (File, error)
	Remove(name string) error
	SyncDir(dir string) error
}

var _ Disk = osDisk{}

type osDisk struct{}

func (osDisk) Open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) Remove(name string) error { return os.Remove(name) }

func (osDisk) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

type osFile struct{ *os.File }

func (f osFile) Sync() error { return datasync(f.File) }
