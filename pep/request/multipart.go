package request

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Bounds of a form in parts.
const (
	maxParts    = 256
	maxPartHead = 2 << 10 // bytes of what stands before a part's content
)

// multipartType is a type with one boundary, of signs that no program has to quote or
// leaves out, and with nothing else.
var multipartType = regexp.MustCompile(`^(?i:multipart/form-data); *(?i:boundary)=(?:([A-Za-z0-9_.+-]{1,70})|"([A-Za-z0-9_.+=-]{1,70})")$`)

func isMultipart(contentType string) bool { return boundaryOf(contentType) != "" }

// boundaryOf is the boundary of a form in parts, "" where there is none in one reading.
func boundaryOf(contentType string) string {
	m := multipartType.FindStringSubmatch(contentType)
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}

// A part is one field of a form in parts, or one file.
type part struct {
	name    string
	isFile  bool
	file    string // its name, which a browser leaves empty for none
	content []byte
}

// unambiguousMultipart reports whether two parsers cannot read a form in parts
// (RFC 7578) differently. It takes what browsers write (WHATWG HTML, multipart/form-data
// encoding), and what programs do that write as plainly: nothing before the first
// boundary and nothing behind the last, the boundary nowhere but between two parts, and
// of a part its name and type alone. A name stands twice for files alone, which are
// several then; fields are bounded as those of other forms are. mime/multipart has to
// read the same.
func unambiguousMultipart(contentType string, body []byte) bool {
	boundary := boundaryOf(contentType)
	raw, whole := split(body, "--"+boundary)
	if !whole || len(raw) > maxParts {
		return false
	}
	parts := make([]part, len(raw))
	files := map[string]bool{} // by folded name: whether it is one of files
	for i, b := range raw {
		p, ok := readPart(b)
		folded := foldName(p.name)
		ofFiles, again := files[folded]
		if !ok || !formName(p.name) || clashes(files, folded) || again && !(ofFiles && p.isFile) {
			return false
		}
		files[folded], parts[i] = p.isFile, p
	}
	return agreed(parts, boundary, body)
}

// split cuts a body at its boundaries. Each stands on a line of its own, and nowhere else.
func split(body []byte, boundary string) (parts [][]byte, whole bool) {
	rest, begins := bytes.CutPrefix(body, []byte(boundary))
	if !begins {
		return nil, false
	}
	for {
		if end, last := bytes.CutPrefix(rest, []byte("--")); last {
			return parts, len(end) == 0 || string(end) == "\r\n"
		}
		rest, begins = bytes.CutPrefix(rest, []byte("\r\n"))
		at := bytes.Index(rest, []byte(boundary))
		if !begins || at < len("\r\n") || string(rest[at-2:at]) != "\r\n" || len(parts) > maxParts {
			return nil, false
		}
		parts = append(parts, rest[:at-2])
		rest = rest[at+len(boundary):]
	}
}

// readPart reads the lines before a part's content, and bounds the text of a field.
func readPart(raw []byte) (p part, ok bool) {
	head, content, ended := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ended || len(head) > maxPartHead {
		return part{}, false
	}
	p.content = content
	var named, typed bool
	for line := range strings.SplitSeq(string(head), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case strings.ContainsAny(line, "\r\n") || !plainText(line):
			return part{}, false
		case strings.EqualFold(name, "Content-Disposition") && !named:
			named = true
			if !p.called(value) {
				return part{}, false
			}
		case strings.EqualFold(name, "Content-Type") && !typed:
			typed = true
			if !partType(value) {
				return part{}, false
			}
		default: // Content-Transfer-Encoding, and whatever else would say how to read it
			return part{}, false
		}
	}
	return p, named && (p.isFile || formText(string(content)))
}

// disposition is how a part says what it is called, in quotation marks or as a token:
// without escapes and semicolons, which programs read in their own ways, and without
// "filename*".
var disposition = regexp.MustCompile(`^form-data; *name=(?:"([^"\\;]+)"|([A-Za-z0-9_.-]+))(; *filename=(?:"([^"\\;]*)"|([A-Za-z0-9_.-]+)))?$`)

func (p *part) called(value string) bool {
	m := disposition.FindStringSubmatch(value)
	if m == nil {
		return false
	}
	p.name, p.isFile, p.file = m[1]+m[2], m[3] != "", m[4]+m[5]
	return true
}

// partType accepts a type of one thing, in UTF-8 where it names a character set.
func partType(value string) bool {
	kind, params, err := mime.ParseMediaType(value)
	return err == nil && strings.Contains(kind, "/") && !strings.HasPrefix(kind, "multipart/") && !strings.HasPrefix(kind, "message/") &&
		utf8Charset(params["charset"]) && utf8.ValidString(value)
}

// agreed reports whether mime/multipart reads the same parts.
func agreed(parts []part, boundary string, body []byte) bool {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for _, want := range parts {
		got, err := r.NextRawPart()
		if err != nil {
			return false
		}
		_, said, err := mime.ParseMediaType(got.Header.Get("Content-Disposition"))
		if err != nil || said["name"] != want.name || said["filename"] != want.file {
			return false
		}
		left := remains(want.content)
		if _, err := io.Copy(&left, got); err != nil || len(left) > 0 {
			return false
		}
	}
	_, err := r.NextRawPart()
	return err == io.EOF
}

// remains are what is still to be written, and nothing else may be.
type remains []byte

var errOther = errors.New("other bytes")

// Write takes b when it comes next.
func (r *remains) Write(b []byte) (int, error) {
	rest, same := bytes.CutPrefix(*r, b)
	if !same {
		return 0, errOther
	}
	*r = rest
	return len(b), nil
}
