package obligation

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
	"github.com/wardgate/wardgate/pdp"
)

// maskResponse takes members out of the answer of an application that knows
// nothing of Wardgate, or of one of Wardgate's own. Properties: {"pointers":
// [JSON pointer, …], "pass": [media type, …]}. It holds an answer whole, which a
// stream never is, and sees none that another proxy brings to the client. What the
// request brought is nothing to it.
func maskResponse() Handler {
	return Handler{ID: "mask_response", Ways: On(Service, External, Upload), Read: func(o *pdp.Obligation, e *Effects) error {
		m, err := readMask(o)
		if err != nil {
			return err
		}
		for i, a := range e.Answers {
			if other, ok := a.(*Mask); ok {
				e.Answers[i] = other.and(m)
				return nil
			}
		}
		e.Answers = append(e.Answers, m)
		return nil
	}}
}

// A Mask is what the enforcement point takes out of the answer of an
// application that knows nothing of Wardgate.
type Mask struct {
	Pointers []strictjson.Pointer
	Pass     []string // media types that go out whole: a picture has no members
}

func readMask(o *pdp.Obligation) (*Mask, error) {
	var p struct {
		Pointers []string `json:"pointers"`
		Pass     []string `json:"pass"`
	}
	if err := exactly(o.Properties, &p); err != nil {
		return nil, errors.New("properties: expected pointers, and media types to pass")
	}
	pointers, err := strictjson.ParsePointers(p.Pointers)
	if err != nil {
		return nil, fmt.Errorf("properties: pointers: %w", err)
	}
	if slices.ContainsFunc(p.Pass, func(kind string) bool { return !mayPass(kind) }) {
		return nil, errors.New("properties: pass: expected media types such as image/png, application/pdf: pictures, sound, pages")
	}
	return &Mask{Pointers: pointers, Pass: p.Pass}, nil
}

// and is both masks together. Pointers add up; a media type passes when both let
// it pass.
func (m *Mask) and(o *Mask) *Mask {
	return &Mask{
		Pointers: append(slices.Clone(m.Pointers), o.Pointers...),
		Pass: slices.DeleteFunc(slices.Clone(m.Pass), func(kind string) bool {
			return !slices.Contains(o.Pass, kind)
		}),
	}
}

// mayPass accepts what holds pictures, sound or pages. Media types in which
// masked members could stand in another spelling are refused.
func mayPass(kind string) bool {
	plain, _, err := mime.ParseMediaType(kind)
	if err != nil || plain != kind || strings.HasSuffix(kind, "xml") || strings.Contains(kind, "*") {
		return false
	}
	family, _, _ := strings.Cut(kind, "/")
	return slices.Contains([]string{"image", "audio", "video", "font"}, family) || kind == "application/pdf"
}

// withheldHeader tells the client what a masked answer does not hold.
const withheldHeader = "Wardgate-Withheld"

// Ask takes out of a request what would let the answer to it tell of
// bytes that the client never sees: validators, parts, encodings. A condition
// on a change stays: without it the change would be made over another client's.
func (m *Mask) Ask(method string, h http.Header) {
	h.Set("Accept-Encoding", "identity")
	for _, name := range []string{"If-None-Match", "If-Modified-Since", "If-Range", "Range"} {
		h.Del(name)
	}
	if method == http.MethodGet || method == http.MethodHead {
		h.Del("If-Match")
		h.Del("If-Unmodified-Since")
	}
}

// Change replaces an answer by what may be seen of it.
func (m *Mask) Change(res *http.Response, limit int64) error {
	if res.StatusCode == http.StatusPartialContent || res.StatusCode == http.StatusNotModified ||
		len(res.Header["Content-Range"]) > 0 || encoded(res.Header) {
		return fmt.Errorf("%w: it is a part, a reference or encoded", ErrWithheld)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if closing := res.Body.Close(); err != nil || closing != nil {
		return fmt.Errorf("%w: it broke off", ErrWithheld)
	}
	if int64(len(body)) > limit {
		return fmt.Errorf("%w: it is larger than %d bytes", ErrWithheld, limit)
	}
	kind := ""
	if len(body) > 0 {
		if kind, body, err = masked(res.Header["Content-Type"], body, m); err != nil {
			return fmt.Errorf("%w: %w", ErrWithheld, err)
		}
	}
	res.Header = masksHeader(m)
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
func masked(types []string, body []byte, m *Mask) (string, []byte, error) {
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
	if !slices.Contains(jsonTypes, kind) {
		kind = "application/json" // a type of the application's own may say anything
	}
	return kind, body, err
}

// jsonTypes are the registered media types of JSON that keep their name.
var jsonTypes = []string{
	"application/dicom+json", "application/fhir+json", "application/geo+json", "application/hal+json", "application/json",
	"application/ld+json", "application/problem+json", "application/scim+json", "application/vnd.api+json",
}

// masksHeader is the header of a masked answer. Nothing of the application's own
// is in it: what speaks of the bytes that there were (validators, digests, lengths)
// lets a client test guesses, and any other may say what is masked. No cache may keep
// it for a client that may see more, or less.
func masksHeader(m *Mask) http.Header {
	h := http.Header{}
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
