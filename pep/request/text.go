package request

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"
)

// isText accepts plain text, with a character set or none, and with nothing else that
// would change how it is read ("format=flowed").
func isText(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "text/plain" {
		return false
	}
	charset, said := params["charset"]
	return len(params) == 0 || said && len(params) == 1 && strings.EqualFold(charset, "utf-8")
}

// unambiguousText reports whether two programs read the same characters: UTF-8 that is
// named as such, or ASCII. A byte order mark is part of the text for one and none for
// another, and what is no character may begin another character set.
func unambiguousText(contentType string, body []byte) bool {
	_, params, err := mime.ParseMediaType(contentType)
	_, named := params["charset"]
	if err != nil || !utf8.Valid(body) || bytes.HasPrefix(body, []byte("\uFEFF")) {
		return false
	}
	for _, b := range body {
		if b >= utf8.RuneSelf && !named || (b < 0x20 || b == 0x7f) && b != '\t' && b != '\r' && b != '\n' {
			return false
		}
	}
	return true
}
