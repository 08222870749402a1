package pep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pep/obligation"
)

// AnswerLimit is the largest answer, in bytes, that is masked by default. A
// larger one is withheld: it is held in memory whole.
const AnswerLimit = 8 << 20

// withheldHeader tells the client what a masked answer does not hold.
const withheldHeader = "Wardgate-Withheld"

// errWithheld says that an answer had to be masked and could not be.
var errWithheld = errors.New("the answer is withheld: it cannot be masked")

// beside names the headers of a masked answer that go on. The others speak of
// the bytes that there were (validators, digests, lengths, ranges) or may say
// anything, what is masked among it.
var beside = []string{
	"Allow", "Content-Language", "Date", "Location", "Retry-After", "Vary", "Www-Authenticate",
}

// unconditional takes out of a request what would let the answer to it tell of
// bytes that the client never sees: validators, parts, encodings. A condition
// on a change stays: without it the change would be made over somebody else's.
func unconditional(method string, h http.Header) {
	h.Set("Accept-Encoding", "identity")
	for _, name := range []string{"If-None-Match", "If-Modified-Since", "If-Range", "Range"} {
		h.Del(name)
	}
	if method == http.MethodGet || method == http.MethodHead {
		h.Del("If-Match")
		h.Del("If-Unmodified-Since")
	}
}

// answerLimit is the largest answer of an application that is masked.
func (p *Proxy) answerLimit(application string) int64 {
	if own := p.cfg.Upstreams[application].AnswerLimit; own > 0 {
		return own
	}
	return p.cfg.AnswerLimit
}

// mask replaces an answer by what may be seen of it. The error is errWithheld,
// and quotes nothing of the answer.
func (p *Proxy) mask(res *http.Response, m *obligation.Mask) error {
	if res.StatusCode == http.StatusPartialContent || res.StatusCode == http.StatusNotModified ||
		len(res.Header["Content-Range"]) > 0 || encoded(res.Header) {
		return fmt.Errorf("%w: it is a part, a reference or encoded", errWithheld)
	}
	limit := p.answerLimit(exchangeOf(res.Request.Context()).application())
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if closing := res.Body.Close(); err != nil || closing != nil {
		return fmt.Errorf("%w: it broke off", errWithheld)
	}
	if int64(len(body)) > limit {
		return fmt.Errorf("%w: it is larger than %d bytes", errWithheld, limit)
	}
	kind := ""
	if len(body) > 0 {
		if kind, body, err = masked(res.Header["Content-Type"], body, m); err != nil {
			return fmt.Errorf("%w: %w", errWithheld, err)
		}
	}
	res.Header = masksHeader(res.Header, m)
	if kind != "" {
		res.Header.Set("Content-Type", kind)
	}
	res.Body, res.ContentLength, res.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	if res.Request.Method != http.MethodHead && res.StatusCode != http.StatusNoContent {
		res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	return nil
}

func encoded(h http.Header) bool {
	return slices.ContainsFunc(h["Content-Encoding"], func(value string) bool {
		return !strings.EqualFold(strings.TrimSpace(value), "identity")
	})
}

var errMediaType = errors.New("its media type is neither JSON nor one that may pass")

// masked returns a body without what m names, and its media type.
func masked(types []string, body []byte, m *obligation.Mask) (string, []byte, error) {
	if len(types) != 1 {
		return "", nil, errMediaType
	}
	kind, params, err := mime.ParseMediaType(types[0])
	charset := params["charset"]
	switch {
	case err != nil:
		return "", nil, errMediaType
	case slices.Contains(m.Pass, kind):
		return kind, body, nil
	case kind != "application/json" && !strings.HasSuffix(kind, "+json"),
		charset != "" && !strings.EqualFold(charset, "utf-8"):
		return "", nil, errMediaType
	}
	body, err = strictjson.Mask(body, m.Pointers)
	return kind, body, err
}

// masksHeader is the header of a masked answer. No cache may keep it for
// somebody from whom less is withheld, or more.
func masksHeader(from http.Header, m *obligation.Mask) http.Header {
	h := http.Header{}
	for _, name := range beside {
		if values := from[name]; len(values) > 0 {
			h[name] = values
		}
	}
	names := make([]string, 0, len(m.Pointers))
	for _, pointer := range m.Pointers {
		if !slices.Contains(names, pointer.String()) {
			names = append(names, pointer.String())
		}
	}
	h.Set(withheldHeader, strings.Join(names, ", "))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return h
}
