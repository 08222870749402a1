package chain

import (
	"bufio"
	"errors"
	"io"
)

// A scanner reads lines and knows where each ends.
type scanner struct {
	r      *bufio.Reader
	Offset int64 // where the next line begins
	long   []byte
}

func NewScanner(r io.Reader, offset int64) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, 64<<10), Offset: offset}
}

// Next returns a line without its newline, valid until the following call.
// whole is false for a last line that no newline ends. Of a line that is too
// long to be a record only the beginning is kept, which does not parse. At the
// end of the file the error is io.EOF.
func (s *scanner) Next() (line []byte, whole bool, err error) {
	s.long = s.long[:0]
	for {
		part, err := s.r.ReadSlice('\n')
		s.Offset += int64(len(part))
		switch {
		case err == nil && len(s.long) == 0:
			return part[:len(part)-1], true, nil
		case err == nil:
			s.keep(part[:len(part)-1])
			return s.long, true, nil
		case errors.Is(err, bufio.ErrBufferFull):
			s.keep(part)
		case errors.Is(err, io.EOF) && len(s.long)+len(part) > 0:
			s.keep(part)
			return s.long, false, nil
		default:
			return nil, false, err
		}
	}
}

func (s *scanner) keep(part []byte) {
	if room := maxLine + 1 - len(s.long); len(part) > room {
		part = part[:room]
	}
	s.long = append(s.long, part...)
}
